/** Entry module of an isolate that is a process of its own. */

import "./main.ts";
import { servePipe } from "./pipe.ts";

await servePipe();
