package grounds.checkpoint;
