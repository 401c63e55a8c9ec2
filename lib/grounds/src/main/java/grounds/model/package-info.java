/**
 * Language models: token ids in, a score for every possible next token out.
 *
 * <p>Start with {@link grounds.model.LanguageModel}, the one interface, and {@link
 * grounds.model.Gpt}; {@link grounds.model.Llama} is the form that most open models have today.
 * Each family is a config record, which is stored with the weights and decides every shape, and a
 * class that builds layers from it; a decoder with other parts shares the skeleton of these two,
 * {@code Decoder}. Both are a {@link grounds.model.DecoderModel}, between whose parts others can
 * put layers. {@link grounds.model.ValueOnly} is a GPT of one layer without attention; {@link
 * grounds.model.Bigram} sees one token. {@link grounds.model.CrossEntropy} turns logits and the
 * tokens that came into a loss.
 *
 * <p>To add a family: a record that implements {@link grounds.model.ModelConfig}, a class that
 * implements {@code LanguageModel}, a subclass of {@code LanguageModelContract} in the tests, and a
 * line in {@code grounds.checkpoint.ModelFamilies}, so that checkpoints of it open.
 */
package grounds.model;
