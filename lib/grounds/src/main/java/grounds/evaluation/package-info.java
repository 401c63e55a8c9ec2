package grounds.evaluation;
