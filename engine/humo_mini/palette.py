"""The little world of `mini` in names and colours: what a person may look like, where they may stand, and the words for it in five languages."""

from __future__ import annotations

RGB = tuple[int, int, int]

LANGUAGES = ("en", "de", "fr", "es", "ja")

SKIN_TONES: tuple[RGB, ...] = (
    (250, 226, 208), (244, 208, 182), (234, 190, 152), (222, 170, 126), (203, 146, 104), (178, 119, 80), (148, 94, 62), (117, 72, 48),
    (90, 56, 40), (66, 43, 34),
)  # fmt: skip
"""From the lightest to the darkest; a person's skin lies anywhere between two neighbours."""

HAIR_COLOURS: dict[str, RGB] = {
    "black": (28, 24, 28), "brown": (96, 58, 34), "blond": (228, 184, 96), "red": (186, 78, 36), "grey": (158, 160, 164),
    "white": (236, 234, 228), "blue": (52, 84, 178), "pink": (230, 108, 164), "green": (62, 142, 88),
}  # fmt: skip

HAIR_SHAPES = ("short", "bob", "long", "curly", "bun", "bald")

COLOURS: dict[str, RGB] = {
    "red": (206, 44, 48), "orange": (240, 134, 36), "yellow": (246, 212, 74), "green": (58, 150, 84), "turquoise": (56, 190, 184),
    "blue": (44, 96, 184), "purple": (126, 62, 170), "pink": (244, 154, 190), "white": (240, 240, 238), "grey": (128, 132, 140),
    "black": (40, 40, 46),
}  # fmt: skip
"""Colours of shirts and walls."""

WALL_COLOURS = tuple(name for name in COLOURS if name != "black")

GLASSES = ("none", "round", "square")

GLASSES_COLOURS: dict[str, RGB] = {"black": (24, 24, 30), "red": (200, 40, 52), "gold": (238, 196, 84), "white": (246, 246, 246)}

SCENES = ("wall", "stripes", "checks", "beach", "city", "sunset", "mountains", "forest", "space", "library")
"""The ten scenes. The first three have a colour of their own."""

COLOURED_SCENES = SCENES[:3]

SCENE_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "wall": {
        "en": ("in front of a {c} wall", "against a plain {c} background", "in a {c} studio", "with a {c} backdrop"),
        "de": ("vor einer {c} Wand", "vor einem einfarbigen {c} Hintergrund"),
        "fr": ("devant un mur {c}", "sur un fond uni {c}"),
        "es": ("delante de una pared {c}", "sobre un fondo liso {c}"),
        "ja": ("{c}壁の前で", "{c}背景の前で"),
    },
    "stripes": {
        "en": ("in front of a wall with {c} stripes", "against {c} striped wallpaper", "with a {c} striped background"),
        "de": ("vor einer Wand mit {c} Streifen", "vor einem {c} gestreiften Hintergrund"),
        "fr": ("devant un mur à rayures {c}", "sur un fond rayé {c}"),
        "es": ("delante de una pared con rayas {c}", "sobre un fondo a rayas {c}"),
        "ja": ("{c}しま模様の壁の前で", "{c}ストライプの背景の前で"),
    },
    "checks": {
        "en": (
            "in front of a {c} checked wall",
            "against a {c} checkerboard",
            "with {c} tiles behind",
            "with a {c} chequered background",
        ),
        "de": ("vor einer {c} karierten Wand", "vor einem {c} Schachbrettmuster"),
        "fr": ("devant un mur à carreaux {c}", "sur un damier {c}"),
        "es": ("delante de una pared a cuadros {c}", "sobre un tablero de ajedrez {c}"),
        "ja": ("{c}市松模様の壁の前で", "{c}チェック柄の背景の前で"),
    },
    "beach": {
        "en": (
            "on a beach",
            "by the sea",
            "at the seaside",
            "on the sand by the ocean",
            "on a sunny beach",
            "on a tropical island",
            "on the coast",
        ),
        "de": ("am Strand", "am Meer", "an der See"),
        "fr": ("à la plage", "au bord de la mer", "sur le sable"),
        "es": ("en la playa", "junto al mar", "en la arena"),
        "ja": ("海辺で", "ビーチで", "砂浜で"),
    },
    "city": {
        "en": (
            "in the city at night",
            "before a skyline at night",
            "in front of skyscrapers at night",
            "in town at midnight",
            "in a city",
            "on a street downtown",
            "in New York",
        ),
        "de": ("in der Stadt bei Nacht", "vor Hochhäusern in der Nacht", "in einer Großstadt"),
        "fr": ("en ville la nuit", "devant des gratte-ciel la nuit", "dans une grande ville"),
        "es": ("en la ciudad de noche", "ante rascacielos por la noche", "en una gran ciudad"),
        "ja": ("夜の街で", "夜の高層ビルの前で", "都会で"),
    },
    "sunset": {
        "en": (
            "at sunset",
            "before a setting sun",
            "in the evening glow",
            "at dusk",
            "under an orange evening sky",
            "in the evening",
        ),
        "de": ("bei Sonnenuntergang", "im Abendrot", "in der Abenddämmerung"),
        "fr": ("au coucher du soleil", "au crépuscule", "sous un ciel du soir orange"),
        "es": ("al atardecer", "ante la puesta de sol", "en el crepúsculo"),
        "ja": ("夕日の前で", "夕焼けの中で", "夕暮れに"),
    },
    "mountains": {
        "en": (
            "in the mountains",
            "in front of snowy peaks",
            "in the Alps",
            "before a mountain range",
            "on a mountain in the snow",
            "on a ski slope",
            "in a snowy landscape",
        ),
        "de": ("in den Bergen", "vor verschneiten Gipfeln", "in den Alpen"),
        "fr": ("à la montagne", "devant des sommets enneigés", "dans les Alpes"),
        "es": ("en las montañas", "ante picos nevados", "en los Alpes"),
        "ja": ("山の中で", "雪山の前で", "アルプスで"),
    },
    "forest": {
        "en": (
            "in a forest",
            "in the woods",
            "among trees",
            "between tall trees",
            "in a green wood",
            "in the jungle",
            "in a park",
            "in a garden",
        ),
        "de": ("im Wald", "zwischen Bäumen", "in einem grünen Wald"),
        "fr": ("dans une forêt", "parmi les arbres", "dans les bois"),
        "es": ("en un bosque", "entre árboles", "en la selva verde"),
        "ja": ("森の中で", "木々の間で", "林の中で"),
    },
    "space": {
        "en": (
            "in space",
            "among the stars",
            "in front of a planet",
            "in outer space",
            "under a starry sky in orbit",
            "on a space station",
            "in a rocket",
        ),
        "de": ("im Weltraum", "zwischen den Sternen", "vor einem Planeten"),
        "fr": ("dans l’espace", "parmi les étoiles", "devant une planète"),
        "es": ("en el espacio", "entre las estrellas", "delante de un planeta"),
        "ja": ("宇宙で", "星の間で", "惑星の前で"),
    },
    "library": {
        "en": (
            "in a library",
            "in front of bookshelves",
            "between books",
            "in a room full of books",
            "in a study with a bookcase",
            "in an office",
            "in a classroom",
            "at home in the living room",
        ),
        "de": ("in einer Bibliothek", "vor Bücherregalen", "in einem Zimmer voller Bücher"),
        "fr": ("dans une bibliothèque", "devant des étagères de livres", "dans une pièce pleine de livres"),
        "es": ("en una biblioteca", "delante de estanterías", "en una sala llena de libros"),
        "ja": ("図書館で", "本棚の前で", "本に囲まれた部屋で"),
    },
}
"""Where somebody is, in five languages. `{c}` is the word of a colour."""

COLOUR_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "red": {"en": ("red", "crimson"), "de": ("roten", "rote"), "fr": ("rouge",), "es": ("roja", "rojo"), "ja": ("赤い",)},
    "orange": {"en": ("orange",), "de": ("orangefarbenen", "orange"), "fr": ("orange",), "es": ("naranja",), "ja": ("オレンジ色の",)},
    "yellow": {"en": ("yellow", "golden"), "de": ("gelben", "gelbe"), "fr": ("jaune",), "es": ("amarilla", "amarillo"), "ja": ("黄色い",)},
    "green": {"en": ("green",), "de": ("grünen", "grüne"), "fr": ("vert", "verte"), "es": ("verde",), "ja": ("緑の",)},
    "turquoise": {"en": ("turquoise", "teal", "cyan"), "de": ("türkisen", "türkise"), "fr": ("turquoise",), "es": ("turquesa",), "ja": ("青緑の", "水色の")},
    "blue": {"en": ("blue", "navy"), "de": ("blauen", "blaue"), "fr": ("bleu", "bleue"), "es": ("azul",), "ja": ("青い",)},
    "purple": {"en": ("purple", "violet"), "de": ("lila", "violetten"), "fr": ("violet", "violette"), "es": ("morada", "morado"), "ja": ("紫の",)},
    "pink": {"en": ("pink", "rose"), "de": ("rosa", "pinken"), "fr": ("rose",), "es": ("rosa",), "ja": ("ピンクの",)},
    "white": {"en": ("white",), "de": ("weißen", "weiße"), "fr": ("blanc", "blanche"), "es": ("blanca", "blanco"), "ja": ("白い",)},
    "grey": {"en": ("grey", "gray"), "de": ("grauen", "graue"), "fr": ("gris", "grise"), "es": ("gris",), "ja": ("灰色の",)},
    "black": {"en": ("black",), "de": ("schwarzen", "schwarze"), "fr": ("noir", "noire"), "es": ("negra", "negro"), "ja": ("黒い",)},
    "brown": {"en": ("brown", "brunette"), "de": ("braunen",), "fr": ("brun", "châtain"), "es": ("castaño",), "ja": ("茶色い",)},
    "blond": {"en": ("blond", "blonde", "fair"), "de": ("blonden",), "fr": ("blond",), "es": ("rubio",), "ja": ("金色の",)},
}  # fmt: skip
