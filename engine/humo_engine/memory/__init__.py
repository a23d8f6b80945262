"""What lies on the GPU and what waits in main memory: what clips need, the plan that follows, and parts brought to their places."""
