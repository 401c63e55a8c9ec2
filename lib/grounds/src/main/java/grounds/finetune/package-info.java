/**
 * From a model that continues texts to one that answers: fine-tuning.
 *
 * <p>Start with {@link grounds.finetune.ChatTemplate}, which makes tokens of a conversation and
 * marks those that count. {@link grounds.finetune.ConversationData} are windows of conversations,
 * and supervised fine-tuning is a {@code Trainer} on them; {@link grounds.finetune.Assistant} asks
 * the model. {@link grounds.finetune.Lora}, {@link grounds.finetune.BottleneckAdapter} and {@link
 * grounds.finetune.PromptTuning} train little beside frozen weights.
 *
 * <p>{@link grounds.finetune.PreferenceData} are pairs of answers, {@link
 * grounds.finetune.PreferenceLoss} is what a model loses by a pair (DPO and its kin), and {@link
 * grounds.finetune.PreferenceStep} makes a training step of both: an ordinary one, whose targets
 * have the loss's derivatives as weights.
 *
 * <p>{@link grounds.finetune.RewardModel} learns from the same pairs what an answer is worth.
 * {@link grounds.finetune.Ppo} and {@link grounds.finetune.Grpo} let a model write answers and make
 * the better ones more probable, by the same weights; what both share is the package's Actor, and
 * what an answer is worth says any {@link grounds.finetune.Reward}, learnt or a rule.
 *
 * <p>{@link grounds.finetune.Scorecard} asks every stage the same and puts figures and answers into
 * tables. {@link grounds.finetune.SmallAssistant} is the recipe of the course's own assistant. To
 * add another loss on pairs, write a record that gives its value and its two derivatives.
 */
package grounds.finetune;
