"""The meter: how well clips follow their sound, look like their reference and show what the prompt names. Nothing here serves."""
