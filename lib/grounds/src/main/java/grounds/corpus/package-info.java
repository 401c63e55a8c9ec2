package grounds.corpus;
