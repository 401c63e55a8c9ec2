package grounds.finetune;

import grounds.corpus.Conversation;
import java.util.List;

/**
 * What answers are worth: a {@link RewardModel}'s opinion, or a rule that can tell.
 *
 * <pre>{@code
 * Reward learnt = rewardModel::rewards;
 * Reward brief = conversations -> conversations.stream().mapToDouble(c -> -c.answer().length()).toArray();
 * }</pre>
 */
@FunctionalInterface
public interface Reward {

  /** The rewards of the last answers of some conversations, in order. */
  double[] of(List<Conversation> conversations);
}
