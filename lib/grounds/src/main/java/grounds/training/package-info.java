/**
 * The training loop: from a model and a text to a trained model.
 *
 * <p>Start with {@link grounds.training.Trainer}; its method {@code train} is the loop. Each turn
 * draws a {@code Batch} from {@link grounds.training.TokenBatches}, asks the {@link
 * grounds.training.LearningRateSchedule} for the rate, and takes one {@link
 * grounds.training.TrainingStep}: forward, backward, clip, and {@link grounds.training.AdamW}.
 * {@link grounds.training.ReadableStep} is that in plain operations, {@link
 * grounds.training.NativeStep} the same as one call of native code, which the trainer takes where
 * it can, and {@link grounds.training.ReplicatedStep} the native one on several devices. All keep
 * the same weights and optimizer state, so a checkpoint of one goes on in another. Whoever wants to
 * watch implements {@link grounds.training.TrainingListener}; events are data and cannot alter the
 * run.
 *
 * <p>A text is an array of ids or any {@code TokenSequence}, such as a slice of a {@code
 * TokenFile}: the batches, and so the weights, are the same.
 *
 * <p>There is no generator state: data order and dropout follow from the seed and the step, so a
 * checkpoint holds numbers and a resumed run equals one that never stopped.
 *
 * <p>To add a schedule, write a record with one method (a checkpoint compares it by its text). To
 * add another step, implement {@code TrainingStep} over the same parameters.
 */
package grounds.training;
