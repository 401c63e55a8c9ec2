package grounds.notebook;
