import { deepEqual, equal, ok } from "node:assert/strict";
import {
  composeSheet,
  cutTiles,
  decodePng,
  encodePng,
  spaced,
  tiledTileset,
  tileLayout,
} from "../../../src/images/mod.ts";
import { plain } from "../support.ts";
import { tempDir } from "../../support/temp_dir.ts";

const HEADLESS = { QT_QPA_PLATFORM: "offscreen" };

const COLOURS = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [250, 250, 0, 255]];
const TILES = COLOURS.map((colour) => plain(16, 8, colour));

Deno.test("tiledTileset() tells Tiled where the tiles of a sheet are", () => {
  const tileset = tiledTileset(tileLayout({ width: 64, height: 16 }, 4, 2), "x", "x_sheet.png");
  deepEqual(JSON.parse(JSON.stringify(tileset)), {
    type: "tileset",
    version: "1.8",
    name: "x",
    image: "x_sheet.png",
    imagewidth: 64,
    imageheight: 16,
    tilewidth: 16,
    tileheight: 8,
    columns: 4,
    tilecount: 8,
    margin: 0,
    spacing: 0,
  });
});

Deno.test("tiledTileset() tells Tiled about the room around extruded tiles", () => {
  const layout = spaced(tileLayout({ width: 64, height: 16 }, 4, 2), 3);
  deepEqual([layout.width, layout.height, layout.cells[5]], [88, 28, {
    x: 25,
    y: 17,
    w: 16,
    h: 8,
  }]);
  const { margin, spacing, columns, tilewidth } = tiledTileset(layout, "x", "x_sheet.png");
  deepEqual([margin, spacing, columns, tilewidth], [3, 6, 4, 16]);
});

/** Tiled's program that draws maps; it needs no display. Debian has it in the package `tiled`. */
const RASTERIZER = "tmxrasterizer";

Deno.test({
  name: "Tiled draws a map of the tiles, each where it belongs (left out without tmxrasterizer)",
  ignore: !await isThere(),
  async fn() {
    await using dir = await tempDir();
    const sheet = composeSheet(TILES, 2);
    const tileset = tiledTileset(tileLayout(sheet, 2, 2), "tiles", "tiles_sheet.png");
    await Deno.writeFile(`${dir.path}/tiles_sheet.png`, await encodePng(sheet));
    await Deno.writeTextFile(`${dir.path}/tiles.tsj`, JSON.stringify(tileset));
    await Deno.writeTextFile(`${dir.path}/map.tmj`, JSON.stringify(mapOf([4, 3, 2, 1])));
    const drawn = await draw(`${dir.path}/map.tmj`, `${dir.path}/map.png`);
    // It ends well even where it draws nothing, so only the pixels tell.
    const tiles = cutTiles(drawn, 4, 1);
    deepEqual(tiles.map(({ data }) => [...data.subarray(0, 4)]), COLOURS.toReversed());
    ok(tiles.every(({ data }) => data.every((sample, at) => sample === data[at % 4])));
  },
});

async function isThere(): Promise<boolean> {
  try {
    return (await new Deno.Command(RASTERIZER, { args: ["--version"], env: HEADLESS }).output())
      .success;
  } catch {
    return false;
  }
}

async function draw(map: string, to: string) {
  const { code, stderr } = await new Deno.Command(RASTERIZER, { args: [map, to], env: HEADLESS })
    .output();
  equal(code, 0, new TextDecoder().decode(stderr));
  return decodePng(await Deno.readFile(to));
}

/** A row of tiles, by their numbers from 1. */
function mapOf(tiles: number[]) {
  const size = { width: tiles.length, height: 1 };
  const layer = { type: "tilelayer", id: 1, name: "a", x: 0, y: 0, opacity: 1, visible: true };
  return {
    type: "map",
    version: "1.8",
    orientation: "orthogonal",
    renderorder: "right-down",
    infinite: false,
    ...size,
    tilewidth: 16,
    tileheight: 8,
    tilesets: [{ firstgid: 1, source: "tiles.tsj" }],
    layers: [{ ...layer, ...size, data: tiles }],
  };
}
