"""What a person reads on the page. What the API says, it says in the language of the browser."""

TITLE = "HuMo"
INTRODUCTION = "# HuMo\nA sentence, a picture and a voice become a video of that person, speaking."

PROMPT = "What is to be seen?"
PROMPT_EXAMPLE = "A friendly robot looks into the camera and speaks"
IMAGES = "Who is to be seen? One to four pictures"
AUDIO = "What is to be said?"
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
REFRESH = "Look again"
SHOW_HINT = "Click a line to see it."

WINDOW_UNKNOWN = "I’ll tell which seconds I use as soon as I’ve read the sound."
WINDOW_NONE = "Without a sound, nobody speaks: you get about {seconds:.1f} s of moving picture."
WINDOW = "Used: **{start}–{end}** of {length}."

SENDING = "Reading your files …"
QUEUED = "**In the queue: number {position} of {waiting}.** Starts in about {wait}."
QUEUED_NO_WORKER = "**In the queue: number {position} of {waiting}.** No machine is at work; it starts as soon as one is back."
STAGES = {
    "prepare": "Getting ready",
    "encode": "Reading your files",
    "denoise": "Painting the frames",
    "decode": "Developing the film",
    "compress": "Packing the video",
}
STARTING = "**Starting …**"
RUNNING = "**{stage}** – step {step} of {steps}."
TIME_LEFT = " About {left} left."
DONE = "**Here it is.** {width}×{height}, {seconds:.1f} s, seed {seed}."
RANDOM = "\n\nThis server has no model files: the video shows noise, not your person."
FAILED = "**This didn’t become a video.** {message}"
CANCELLING = "Cancelling …"
STATUSES = {
    "queued": "waits",
    "running": "runs",
    "delivering": "done",
    "delivered": "done",
    "failed": "failed",
    "cancelled": "cancelled",
}
NOTHING_TO_CANCEL = "There’s nothing to cancel."
