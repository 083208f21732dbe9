/**
 * What a prompt asks for, as far as this painter understands it.
 *
 * @module
 */

import type { Motion } from "./pose.ts";
import { hash } from "./random.ts";
import type { SpriteName } from "./sprites.ts";

/** What the image shows. */
export type Subject =
  | { readonly type: "sprite"; readonly name: SpriteName }
  | { readonly type: "creature" }
  | { readonly type: "landscape" };

/** Where it shows it. */
export type Place =
  | "plain"
  | "meadow"
  | "forest"
  | "night"
  | "dungeon"
  | "desert"
  | "snow"
  | "space"
  | "sea"
  | "lava"
  | "sunset";

/** How the image is laid out. */
export type Layout = "single" | "tiles" | "poses";

/** A grid of poses or tiles. */
export interface PromptGrid {
  /** Poses or tiles in a row. */
  readonly columns: number;
  /** Rows. */
  readonly rows: number;
  /** How many in all; cells beyond stay empty. */
  readonly count: number;
}

/** A prompt, understood. */
export interface Wishes {
  /** What to show. */
  readonly subject: Subject;
  /** Where; `undefined` leaves it to chance. */
  readonly place: Place | undefined;
  /** The layout. */
  readonly layout: Layout;
  /** What the figure does, where it moves. */
  readonly motion: Motion;
  /** The grid of poses or tiles, where the prompt tells its size. */
  readonly grid: PromptGrid | undefined;
  /** Colours named, as hue, saturation and lightness. */
  readonly colours: readonly (readonly [hue: number, saturation: number, lightness: number])[];
}

/** Words that name a sprite. The sprite named first becomes the subject. */
const SPRITE_WORDS: readonly (readonly [SpriteName, RegExp])[] = [
  ["knight", /\b(knight|paladin|warrior|soldier|guard|armou?r(ed)?|gladiator|samurai)\b/],
  ["wizard", /\b(wizard|mage|witch|sorcerer|sorceress|warlock|druid|priest|necromancer)\b/],
  ["robot", /\b(robot|mech|android|cyborg|golem|drone)\b/],
  ["dragon", /\b(dragon|wyvern|drake|dinosaur|lizard|hydra)\b/],
  ["slime", /\b(slime|blob|jelly|ooze|pudding)\b/],
  ["ghost", /\b(ghost|spirit|phantom|spectre|specter|wraith)\b/],
  ["skull", /\b(skull|skeleton|undead|lich|zombie|death)\b/],
  ["cat", /\b(cat|kitten|dog|puppy|fox|wolf|animal|pet|bear|rabbit|mouse|tiger|lion)\b/],
  ["sword", /\b(sword|blade|dagger|katana|knife|weapon|rapier|spear|axe)\b/],
  ["shield", /\b(shield|crest|emblem|buckler|coat of arms)\b/],
  ["potion", /\b(potion|elixir|flask|bottle|vial|alchemy|drink)\b/],
  ["chest", /\b(chest|treasure|crate|box|loot)\b/],
  ["gem", /\b(gem|crystal|diamond|ruby|sapphire|emerald|jewel|amethyst)\b/],
  ["heart", /\b(heart|valentine)\b/],
  ["mushroom", /\b(mushroom|toadstool|fungus)\b/],
  ["ship", /\b(ship|boat|pirate|galleon|sail(ing|boat)?|frigate)\b/],
  ["rocket", /\b(rocket|spaceship|space ship|starship|spacecraft|shuttle|fighter jet|ufo)\b/],
  ["castle", /\b(castle|fortress|tower|citadel|keep|palace|kingdom)\b/],
  ["house", /\b(house|home|cottage|hut|village|cabin|inn|tavern|shop|building)\b/],
  ["tree", /\b(tree|oak|pine|plant|bush|willow|sapling)\b/],
  [
    "hero",
    /\b(hero|heroine|person|character|girl|boy|man|woman|human|elf|archer|princess|prince|villager|adventurer|farmer|thief|rogue|ninja|king|queen)\b/,
  ],
];

const CREATURE_WORDS =
  /\b(monster|creature|alien|invader|demon|imp|goblin|orc|troll|boss|enemy|spider|bat|insect)\b/;
const LANDSCAPE_WORDS =
  /\b(landscape|scenery|background|mountains?|valley|hills?|river|lake|ocean|sky|horizon|panorama|island|beach|city|forest)\b/;

const PLACE_WORDS: readonly (readonly [Place, RegExp])[] = [
  ["plain", /\b(white|plain|simple|transparent|solid|grey|gray|blank) background\b|\bicon\b/],
  ["lava", /\b(lava|volcano|volcanic|fire|flames?|hell|infernal|burning)\b/],
  ["space", /\b(space|galaxy|stars|cosmic|nebula|planet|orbit)\b/],
  ["dungeon", /\b(dungeon|cave|crypt|prison|cellar|ruins|temple|underground|tomb)\b/],
  ["snow", /\b(snow|snowy|ice|icy|frozen|winter|arctic|frost)\b/],
  ["desert", /\b(desert|sand|dunes?|egypt|pyramid|wasteland|beach)\b/],
  ["sea", /\b(sea|ocean|water|underwater|waves?|harbou?r|pirate|lake)\b/],
  ["sunset", /\b(sunset|sunrise|dusk|dawn|evening)\b/],
  ["night", /\b(night|moon|moonlight|dark|midnight|spooky|haunted)\b/],
  ["forest", /\b(forest|woods|jungle|grove)\b/],
  ["meadow", /\b(meadow|grass|field|garden|park|village|day)\b/],
];

const COLOUR_WORDS: readonly (readonly [RegExp, number, number, number])[] = [
  [/\b(red|crimson|scarlet|ruby)\b/, 356, 0.72, 0.48],
  [/\b(orange|amber)\b/, 26, 0.82, 0.52],
  [/\b(yellow|lemon)\b/, 52, 0.85, 0.56],
  [/\b(golden|gold)\b/, 43, 0.78, 0.52],
  [/\b(green|emerald|lime)\b/, 128, 0.5, 0.42],
  [/\b(teal|turquoise|cyan)\b/, 178, 0.6, 0.45],
  [/\b(blue|azure|sapphire)\b/, 216, 0.66, 0.5],
  [/\b(purple|violet|amethyst)\b/, 276, 0.5, 0.5],
  [/\b(pink|magenta|rose)\b/, 330, 0.66, 0.62],
  [/\b(brown|wooden|leather)\b/, 25, 0.45, 0.36],
  [/\b(black|obsidian|shadow)\b/, 250, 0.12, 0.2],
  [/\b(white|ivory|pale)\b/, 40, 0.1, 0.88],
  [/\b(silver|steel|iron|grey|gray)\b/, 215, 0.12, 0.62],
];

const TILE_WORDS = /\b(tile ?sets?|tiles?|tile ?map|seamless|texture)\b/;
const FRAME_WORDS = /\b(sprite ?sheet|animation|animated|walk cycle|frames)\b/;

const GRID_WORDS = [/\b(\d+) columns?\b.*?\b(\d+) rows?\b/, /\bgrid of (\d+) by (\d+)\b/];
const COUNT_WORDS = /\b(\d+) (?:poses|frames)\b/;

/** More than this in a row or column are no grid that anybody asks for. */
const MOST_CELLS = 64;

const MOTION_WORDS: readonly (readonly [Motion, RegExp])[] = [
  ["walk", /\b(walk(s|ing)?|stroll(s|ing)?)\b/],
  ["run", /\b(run(s|ning)?|sprint(s|ing)?|dash(es|ing)?)\b/],
  ["attack", /\b(attack(s|ing)?|strik(e|es|ing)|slash(es|ing)?|punch(es|ing)?)\b/],
  ["jump", /\b(jump(s|ing)?|leap(s|ing)?|hop(s|ping)?)\b/],
  ["hurt", /\b(hurt|hit|stagger(s|ing)?)\b/],
  ["death", /\b(death|dying|dies|collaps(es|ing)|falls?)\b/],
  ["cast", /\b(cast(s|ing)?|spell|magic)\b/],
  ["idle", /\b(idle|breath(es|ing)|standing)\b/],
];

/** Subjects for prompts without a known word: a prompt keeps its own. */
const STRANGERS: readonly SpriteName[] = ["gem", "chest", "hero", "potion", "tree", "robot"];

/** Understands a prompt. */
export function readPrompt(prompt: string): Wishes {
  const text = prompt.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, " ");
  return {
    subject: readSubject(text),
    place: PLACE_WORDS.find(([, words]) => words.test(text))?.[0],
    layout: TILE_WORDS.test(text) ? "tiles" : FRAME_WORDS.test(text) ? "poses" : "single",
    motion: readMotion(text),
    grid: readGrid(text),
    colours: readColours(text),
  };
}

function readSubject(text: string): Subject {
  const named = SPRITE_WORDS
    .map(([name, words]) => ({ name, at: words.exec(text)?.index ?? -1 }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)[0];
  const creature = CREATURE_WORDS.exec(text)?.index;
  if (named !== undefined && (creature === undefined || named.at < creature)) {
    return { type: "sprite", name: named.name };
  }
  if (creature !== undefined) return { type: "creature" };
  if (LANDSCAPE_WORDS.test(text)) return { type: "landscape" };
  const choice = hash(text) % (STRANGERS.length + 1);
  const stranger = STRANGERS[choice];
  return stranger === undefined ? { type: "creature" } : { type: "sprite", name: stranger };
}

function readMotion(text: string): Motion {
  const [named] = MOTION_WORDS
    .map(([motion, words]) => ({ motion, at: words.exec(text)?.index ?? -1 }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  return named?.motion ?? "walk";
}

function readGrid(text: string): PromptGrid | undefined {
  const found = GRID_WORDS.map((words) => words.exec(text)).find((match) => match !== null);
  const [, columns, rows] = (found ?? []).map(Number);
  const isGrid = [columns, rows].every((count = 0) => count >= 1 && count <= MOST_CELLS);
  if (columns === undefined || rows === undefined || !isGrid) return undefined;
  const count = Number(COUNT_WORDS.exec(text)?.[1] ?? columns * rows);
  return { columns, rows, count: Math.min(count, columns * rows) };
}

function readColours(text: string): [number, number, number][] {
  return COLOUR_WORDS
    .map(([words, ...colour]) => ({ colour, at: words.exec(text)?.index ?? -1 }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)
    .map(({ colour }) => colour);
}
