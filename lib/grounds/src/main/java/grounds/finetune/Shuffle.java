package grounds.finetune;

import grounds.tensor.Seeds;
import java.util.SplittableRandom;

/** Epochs of the numbers 0 to size - 1, each in an order that follows from the seed and itself. */
final class Shuffle {

  private final int size;
  private final long seed;
  private long epoch = -1;
  private int[] order = {};

  Shuffle(int size, long seed) {
    this.size = size;
    this.seed = seed;
  }

  /** The number at a place of the endless row of epochs. */
  int at(long place) {
    if (place / size != epoch) {
      epoch = place / size;
      order = order(Seeds.random(Seeds.derive(seed, epoch)));
    }
    return order[(int) (place % size)];
  }

  private int[] order(SplittableRandom random) {
    int[] numbers = new int[size];
    for (int i = 0; i < size; i++) {
      int other = random.nextInt(i + 1);
      numbers[i] = numbers[other];
      numbers[other] = i;
    }
    return numbers;
  }
}
