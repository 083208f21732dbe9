/**
 * The sprites: 16 rows of letters, each letter a material (see `palette.ts`), a point for nothing. Rows of
 * eight letters are the left half of a symmetrical figure.
 *
 * @module
 */

/** A sprite that can be painted. */
export type SpriteName = keyof typeof SPRITES;

/** The rows of a sprite. */
export type SpriteRows = readonly string[];

function rows(drawing: string): SpriteRows {
  return drawing.trim().split(/\s+/);
}

/** Every sprite. */
export const SPRITES = {
  knight: rows(`
    ......rr
    .....rrm
    ....mmmm
    ...mmmmm
    ...mmmmm
    ...mkkkk
    ...mmmkm
    ...nmmkm
    ..mnnmmm
    .mmmddnn
    .mmmdddg
    .nm.dddd
    .ss.gggg
    ....eddd
    ....nn..
    ...nnn..`),
  wizard: rows(`
    .......a
    ......aa
    ......aa
    .....aaa
    ....gggg
    ..aaaaaa
    ....ssss
    ....skss
    ....ssss
    ...awwww
    ..aaawww
    .aaaaaww
    .aaaadww
    .ssaaddw
    ...aaddd
    ..aaaddd`),
  hero: rows(`
    ........
    .....hhh
    ...hhhhh
    ...hhhhh
    ...hhsss
    ...hskss
    ...hsssr
    ....ssss
    ...ddddd
    ..dddddd
    ..dddddg
    ..s.dddd
    ..s.llgg
    ....ee..
    ....ee..
    ...lll..`),
  robot: rows(`
    .......r
    .......n
    ....mmmm
    ...mmmmm
    ...mkiik
    ...mkiik
    ...mmmmm
    ....nkkn
    ..nmmmmm
    .nnmaaaa
    .nnmaagr
    .nnmaagg
    .mm.mmmm
    .mm.nnnn
    ....mm..
    ...nnn..`),
  slime: rows(`
    ........
    ........
    ........
    ........
    .....aaa
    ...aaaaa
    ..aaaaaa
    .aaaaaaa
    .aaawwaa
    .aaawkaa
    aaaawkaa
    aaaaaaaa
    aaaaaakk
    aaaaaaaa
    .aaaaaaa
    ........`),
  ghost: rows(`
    ........
    .....www
    ...wwwww
    ..wwwwww
    ..wwwwww
    .wwkkwww
    .wwkkwww
    .wwkkwww
    .wwwwwww
    .wwrwwkk
    .wwwwwkk
    .wwwwwww
    .wwwwwww
    .wwwwwww
    .ww.www.
    .w...w..`),
  skull: rows(`
    ........
    ....wwww
    ..wwwwww
    .wwwwwww
    .wwwwwww
    .wwkkkww
    .wkkkkww
    .wkkrkww
    .wwkkwwk
    ..wwwwwk
    ..wwwwww
    ....wwww
    ....wkwk
    ....wkwk
    ....wwww
    ........`),
  cat: rows(`
    ........
    .a......
    .aa.....
    .araaaaa
    .aaaaaaa
    .aaaaaaa
    .aaiiaaa
    .aakiaaa
    .aaaaacr
    ..aaaccc
    ...aaacc
    ...aaaac
    ..aaaacc
    ..aaaacc
    ..aacacc
    ..ccaaca`),
  dragon: rows(`
    ..........d.....
    .........ddd....
    .l......dddda...
    .laa...ddeddda..
    aaaaa..ddeeddda.
    aakaaa.ddee.dd.a
    aaaaaa.ddee...da
    rwraaaadde......
    ...caaaaaa....a.
    ...ccaaaaaa..aal
    ....ccaaaaaaaaa.
    ....ccaaaaaaaaa.
    .....caaaaaaaa..
    .....aaa..aaa...
    .....aa...aa....
    ....aaa..aaa....`),
  sword: rows(`
    .............mmm
    ............mmmm
    ...........mmnm.
    ..........mmnm..
    .........mmnm...
    ........mmnm....
    .......mmnm.....
    ..g...mmnm......
    ..gg.mmnm.......
    ...ggmnm........
    ....ggm.........
    ....lrgg........
    ...lll.gg.......
    ..lll...........
    .lll............
    .gg.............`),
  shield: rows(`
    ........
    .mmmmmmm
    .maaaaag
    .maaaaag
    .maaaaag
    .magaggg
    .maaggrg
    .magaggg
    .maaaaag
    .mmaaaag
    ..maaaag
    ..mmaaag
    ...mmaag
    ....mmag
    .....mmg
    .......m`),
  potion: rows(`
    ......ll
    ......ll
    .....iii
    ......ii
    ......ii
    ......ii
    .....iii
    ....iiii
    ...iaaaa
    ..iaaaaa
    ..iaacaa
    .iaacaaa
    .iaaaaaa
    .iaaaaca
    ..iaaaaa
    ...iiiii`),
  chest: rows(`
    ........
    ........
    ........
    ..glllll
    .lglllll
    .lgllllg
    .lglllgg
    .ggggggg
    .kkkkkgk
    .lglllgk
    .lglllgg
    .lglllll
    .lglllll
    .ggggggg
    .k......
    ........`),
  gem: rows(`
    ........
    ........
    ...ccccc
    ..caccca
    .caaacaa
    caaaacaa
    cccccccc
    baaabaaa
    .baabaaa
    .bbaabaa
    ..bbabaa
    ...bbbba
    ....bbba
    .....bba
    ......bb
    .......b`),
  heart: rows(`
    ........
    ........
    ..rrrr..
    .rrrrrr.
    rrwwrrrr
    rrwrrrrr
    rrrrrrrr
    rrrrrrrr
    .rrrrrrr
    ..rrrrrr
    ...rrrrr
    ....rrrr
    .....rrr
    ......rr
    .......r
    ........`),
  mushroom: rows(`
    ........
    .....rrr
    ...rrrrr
    ..rrwwrr
    .rrwwwrr
    .rrrwrrr
    rrrrrrrw
    rwwrrrww
    rwwrrrrw
    rrrrrrrr
    .rrrrrrr
    ...sssss
    ....skss
    ....ssss
    ....ssss
    .....sss`),
  tree: rows(`
    ......aa
    ....aaaa
    ...aaaaa
    ..aaaara
    ..aaaaaa
    .araaaaa
    .aaaaaaa
    aaaaaaaa
    aaaaaara
    .aaaraaa
    ..aaaaaa
    ...aal.l
    ......ll
    ......ll
    ......ll
    .....lll`),
  house: rows(`
    ........
    .......r
    ......rr
    .....rrr
    ....rrrr
    ...rrrrr
    ..rrrrrr
    .rrrrrrr
    rrrrrrrr
    .ddddddd
    .dlllddd
    .dliiddl
    .dliidll
    .dllldlg
    .dddddll
    .eeeeell`),
  castle: rows(`
    ...r....
    ...rr...
    ...l....
    m.m.m...
    mmmmm...
    mmmmm...
    mmkmmm.m
    mmkmmmmm
    mmmmmmmm
    mnmmmmmm
    mmmmmmll
    mmmnmlll
    mmmmmlkl
    mnmmmlkl
    mmmmmlkl
    nnnnnlll`),
  ship: rows(`
    ........l.......
    ........lrrr....
    ........lrr.....
    ...www..l.......
    ..wwwww.lwwwww..
    ..wwwww.lwwwwww.
    .wwwwww.lwwrwww.
    .wwwwww.lwrrrww.
    .wwwwww.lwwrwww.
    .......ll.......
    l......ll.....ll
    llllllllllllllll
    .ddgdddgdddgddd.
    .lllllllllllll..
    ..lllllllllll...
    ................`),
  rocket: rows(`
    .......m
    .......m
    ......mm
    ......mm
    .....mmm
    .....mii
    .....mii
    .....mmm
    ....mmmm
    ....mmdd
    ...ammmm
    ..aammmm
    .aaammmm
    .aa.nnnn
    .a...rgg
    ......rr`),
} as const satisfies Readonly<Record<string, SpriteRows>>;
