"""How the small model `mini` is made: drawn faces, synthesised speech, and the training of every part. Nothing here runs when clips are served."""
