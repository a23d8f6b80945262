"""HuMo in PyTorch: text, images and speech to a video of a person."""
