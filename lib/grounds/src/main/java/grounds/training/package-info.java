package grounds.training;
