package grounds.tokenizer;
