"""Speed, error and memory of the engine, on random weights of the real sizes; one JSON line a case.

Each line stands beside what the same device does at most, measured in the same run. Without a GPU everything runs at toy
size: that shows that the benchmark works, not how fast HuMo is. A case is a file; `registry.py` names them all.
"""
