package grounds.finetune;

import grounds.corpus.Message;
import grounds.corpus.Role;
import grounds.generation.Generator;
import grounds.generation.Sampler;
import grounds.model.LanguageModel;
import java.util.ArrayList;
import java.util.List;

/** A model that answers in the form of a {@link ChatTemplate}, always with the likeliest words. */
public final class Assistant {

  /** Answers that are written side by side. */
  private static final int SIDE_BY_SIDE = 64;

  private final ChatTemplate template;
  private final Generator generator;
  private final int context;

  /** An assistant with the model's weights as they are at each call. */
  public Assistant(LanguageModel model, ChatTemplate template) {
    this(
        template,
        new Generator(model, template.tokenizer()).sampler(Sampler.greedy()).stopAt(template.end()),
        model.config().contextLength());
  }

  private Assistant(ChatTemplate template, Generator generator, int context) {
    this.template = template;
    this.generator = generator;
    this.context = context;
  }

  /** The same, choosing its words in another way. */
  public Assistant sampler(Sampler sampler, long seed) {
    return new Assistant(template, generator.sampler(sampler).seed(seed), context);
  }

  /**
   * The answer to what a user says.
   *
   * @throws IllegalArgumentException if the prompt does not fit into the context
   */
  public String answer(String prompt) {
    return answer(List.of(new Message(Role.USER, prompt)));
  }

  /** The answer to the last message of a conversation. */
  public String answer(List<Message> messages) {
    int[] prompt = template.prompt(messages);
    return generator.complete(prompt, Math.max(0, context - prompt.length)).text();
  }

  /**
   * The answers to several prompts, which takes less time than one after the other.
   *
   * @param tokens most tokens of an answer
   */
  public List<String> answerAll(List<String> prompts, int tokens) {
    List<String> answers = new ArrayList<>();
    for (int from = 0; from < prompts.size(); from += SIDE_BY_SIDE) {
      List<int[]> some =
          prompts.subList(from, Math.min(prompts.size(), from + SIDE_BY_SIDE)).stream()
              .map(prompt -> template.prompt(List.of(new Message(Role.USER, prompt))))
              .toList();
      generator.completeAllIds(some, tokens).forEach(written -> answers.add(written.text()));
    }
    return answers;
  }
}
