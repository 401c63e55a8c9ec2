package grounds.tensor;
