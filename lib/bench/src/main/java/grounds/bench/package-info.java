/**
 * How fast we are, beside the same work in Python.
 *
 * <p>Start with {@link grounds.bench.TrainCharGpt}: it trains the character GPT through the
 * library's own {@code Trainer} and prints one line of JSON with the tokens per second. Its peer is
 * {@code python/train_char_gpt.py}, with the same arguments and the same output; {@code
 * python/compare.py} runs both in turns. {@link grounds.bench.StepServer} takes steps, or
 * generates, on demand, so that {@code python/compare_engine.py} can let it and its peers take
 * turns every second; {@link grounds.bench.StepParts} has the parts, for JMH; {@code ScriptFile}
 * writes the script of a step for Python's PyTorch, where {@code python/run_script.py} checks,
 * times and profiles it. {@link grounds.bench.TokenizerBench} and {@code python/tokenizer_bench.py}
 * are such a pair for tokenizers, with other libraries on both sides; {@link
 * grounds.bench.TokenizerParts} has the parts. To add a benchmark, add such a pair.
 */
package grounds.bench;
