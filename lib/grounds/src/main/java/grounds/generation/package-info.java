package grounds.generation;
