/** Good and bad words for how images are made pixel art. */

export const PIXEL_WORDS: {
  good: readonly (readonly [text: string, value: unknown])[];
  bad: readonly string[];
} = {
  good: [
    ["auto", { size: "auto" }],
    ["64x48", { size: [64, 48] }],
    ["auto extrude=0", { size: "auto", extrude: 0 }],
    [
      "auto colors=16  palette=pico-8 dither=bayer transparent outline=#1A1c2c scale=4,8 extrude=2 keep-original",
      {
        size: "auto",
        colors: 16,
        palette: "pico-8",
        dither: "bayer",
        background: "transparent",
        outline: "#1A1c2c",
        scale: [4, 8],
        extrude: 2,
        keep_original: true,
      },
    ],
  ],
  bad: [
    "on",
    "0x64",
    "64x4097",
    "64",
    "auto colors=0",
    "auto colors=256",
    "auto scale=1",
    "auto extrude=65",
    "auto extrude=x",
    "auto scale=4,,8",
    "auto dither=some",
    "auto palette=",
    "auto outline=black",
    "auto outline=#1a1c2",
    "auto colors=4 colors=5",
    "auto constructor=1",
    "{}",
  ],
};
