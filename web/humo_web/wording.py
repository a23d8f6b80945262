"""What a person reads on the page. What the API says, it says in the language of the browser."""

TITLE = "HuMo"
INTRODUCTION = "A sentence, a picture and a voice become a video of that person, speaking."

PROMPT = "What is to be seen?"
PROMPT_EXAMPLE = "A friendly robot looks into the camera and speaks"
IMAGES = "Who is to be seen? Up to {images} pictures"
AUDIO = "What is to be said?"
WORDS = "Or type what a voice is to say"
VOICE = "Who says it?"
VOICE_ANY = "A voice of the language of the words"
VOICE_KINDS = {"woman": "woman", "man": "man"}
LANGUAGES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "ja": "Japanese"}
START = "Start in the sound, in seconds"
PRESET = "How much care?"
SHAPE = "Shape"
SHAPES = {"landscape": "Landscape", "portrait": "Portrait", "square": "Square"}
ADVANCED = "Finer things"
SEED = "Seed: the same number with the same input gives the same video"
AUDIO_SCALE = "How strongly the sound leads"
TEXT_SCALE = "How strongly the sentence leads"
CREATE = "Make the video"
CANCEL = "Cancel"
DOWNLOAD = "Download"
PREVIEW = "So far"
VIDEO = "Your video"
RECENT = "Recent"
RECENT_HEADERS = ["When", "What", "How it went", "Id"]
RECENT_EMPTY = "Nothing yet."
REFRESH = "Look again"
SHOW_HINT = "Click a line to see it."

WINDOW_UNKNOWN = "I’ll tell which seconds I use as soon as I’ve read the sound."
WINDOW_NONE = "Without a sound, nobody speaks: you get about {seconds:.1f} s of moving picture."
WINDOW_WORDS = "The video is as long as the words take."
WINDOW = "Used: {start}–{end} of {length}."

EMPTY = "Your video appears here."
EMPTY_DETAILS = "Say what is to be seen, add a picture, a voice or words, and press “Make the video”."
SENDING = "Reading your files …"
REFUSED = "That didn’t work."
PROGRESS = "How much is done"
QUEUED = "In the queue: number {position} of {waiting}."
STARTS = "Starts in about {wait}."
STARTS_PERHAPS = "Starts in perhaps {wait}: I haven’t measured one like it here yet."
NO_WORKER = "No machine is at work; it starts as soon as one is back."
HELD = "Everything is paused at the moment."
HELD_REASON = " Why: {reason}"
HELD_UNTIL = "\nIt goes on in about {wait}."
STAGES = {
    "prepare": "Getting ready …",
    "encode": "Reading your files …",
    "denoise": "Painting the frames …",
    "decode": "Developing the film …",
    "compress": "Packing the video …",
}
STARTING = "Starting …"
STEPS = "Step {step} of {steps}."
TIME_LEFT = " About {left} left."
DONE = "Here it is."
DONE_DETAILS = "{width}×{height}, {seconds:.1f} s, seed {seed}."
MINI = "Small demonstration model: cartoon faces, ten scenes. Not HuMo’s quality."
RANDOM = "This server has no model files: the video shows noise, not your person."
FAILED = "This didn’t become a video."
CANCELLED = "Cancelled."
CANCELLING = "Cancelling …"
STATUSES = {
    "queued": "waits",
    "running": "runs",
    "delivering": "done",
    "delivered": "done",
    "failed": "failed",
    "cancelled": "cancelled",
}
NOW = "just now"
AGO = "{length} ago"
NOTHING_TO_CANCEL = "There’s nothing to cancel."
