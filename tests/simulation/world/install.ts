/**
 * Gives the code under test a simulated machine: clocks, timers, chance, disk, network, isolates and
 * SQLite's misfortunes. To be imported before anything that is simulated. Code that runs outside a
 * simulated process keeps the real ones.
 *
 * @module
 */

import { installDatabase } from "./database.ts";
import { installDisk } from "./disk.ts";
import { installIsolates } from "./isolates.ts";
import { installTime } from "./time.ts";
import { installWeb } from "./web.ts";
import { installBytes } from "./bytes.ts";
import { installMemory } from "./memory.ts";

installTime();
installBytes();
installDisk();
installDatabase();
installWeb();
installIsolates();
installMemory();
