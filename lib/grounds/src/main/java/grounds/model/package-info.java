package grounds.model;
