"""What a person is told when words cannot be spoken."""


class SpeechError(RuntimeError):
    """Words that cannot be spoken. `reason` names the case for a caller that has its own texts; `code` is the failure code.

    Reasons: `empty` (nothing to be spoken), `too_long`, `language` (no voice of that language here), `voice` (no such voice),
    `unavailable` (a program, library or file is missing).
    """

    def __init__(self, reason: str, message: str, code: str = "invalid_input"):
        super().__init__(message)
        self.reason = reason
        self.code = code
