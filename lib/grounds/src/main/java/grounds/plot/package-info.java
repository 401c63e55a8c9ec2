package grounds.plot;
