/**
 * Measures of a finished or half-finished model on text it was not trained on.
 *
 * <p>Start with {@link grounds.evaluation.Perplexity}: tokens in, the mean surprise in nats out,
 * over all positions or only where the full context is there. A measure is a record that holds its
 * figure and what it is over; a static method takes the model and the text, an array of ids or any
 * {@code TokenSequence}. {@link grounds.evaluation.SequenceLogProbabilities} says how probable a
 * model finds each row of a batch.
 *
 * <p>To add one, write such a record. Open a {@code TensorScope} around each batch, return Java
 * numbers, and stop when the thread is interrupted.
 */
package grounds.evaluation;
