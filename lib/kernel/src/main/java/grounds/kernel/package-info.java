package grounds.kernel;
