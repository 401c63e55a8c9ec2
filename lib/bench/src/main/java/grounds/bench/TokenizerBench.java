package grounds.bench;

import com.google.gson.Gson;
import com.sun.management.OperatingSystemMXBean;
import grounds.tokenizer.BpeTokenizer;
import grounds.tokenizer.BpeTrainer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One library at one kind of tokenization: prints a line of JSON for each text, as its peer in
 * Python does.
 *
 * <pre>
 * TokenizerBench --work encode|encodeAll|train|idle|save --candidate grounds|jtokkit|huggingface
 *     --texts a.txt:b.txt --folder FOLDER ...</pre>
 *
 * <p>The times are those of encoding alone, from strings to ids, after a first pass and as many
 * more as fill the warm-up; training reads its file. Beside the time on the clock is the processor
 * time of the whole process, which other processes disturb less. {@code save} writes GPT-2's
 * vocabulary for others to read; {@code idle} does nothing, to show what memory that takes.
 */
public final class TokenizerBench {

  private static final Map<String, String> DEFAULTS = new LinkedHashMap<>();

  static {
    DEFAULTS.put("work", "encode");
    DEFAULTS.put("candidate", "grounds");
    DEFAULTS.put("texts", ""); // files; they take turns
    DEFAULTS.put("folder", "."); // where GPT-2's tokenizer.json is
    DEFAULTS.put("chunk", "1000000"); // bytes of text in one call; 0: the whole text
    DEFAULTS.put("batch", "16"); // texts in one call of encodeAll
    DEFAULTS.put("vocabulary", "10000");
    DEFAULTS.put("warm", "5"); // seconds
    DEFAULTS.put("repetitions", "3");
    DEFAULTS.put("limit", "0"); // seconds that the first pass may take; 0: any
  }

  private final Arguments arguments;

  private TokenizerBench(String... args) {
    arguments = new Arguments(DEFAULTS, args);
  }

  /** Measures, and prints the results to standard output. */
  public static void main(String[] args) {
    new TokenizerBench(args).run();
  }

  /** Something that is timed, on one text. */
  private interface Work {

    /** Works once, on the clock. The first time, fills in what came out. */
    void run(Clock clock, Map<String, Object> result, boolean first);
  }

  /** Time that passed and processor time, while started. */
  private static final class Clock {
    private static final OperatingSystemMXBean SYSTEM =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private long nanos;
    private long cpuNanos;

    void start() {
      cpuNanos -= SYSTEM.getProcessCpuTime();
      nanos -= System.nanoTime();
    }

    void stop() {
      nanos += System.nanoTime();
      cpuNanos += SYSTEM.getProcessCpuTime();
    }

    double seconds() {
      return nanos / 1e9;
    }

    double cpuSeconds() {
      return cpuNanos / 1e9;
    }
  }

  private void run() {
    Path folder = Path.of(arguments.text("folder"));
    switch (arguments.text("work")) {
      case "save" -> BpeTokenizer.gpt2().save(folder);
      case "idle" -> print(withPeakMemory(result("")));
      default -> measure(folder);
    }
  }

  private void measure(Path folder) {
    List<Map<String, Object>> results = new ArrayList<>();
    List<Work> works = new ArrayList<>();
    TokenEncoder<?> encoder =
        arguments.text("work").equals("train")
            ? null
            : TokenEncoder.of(arguments.text("candidate"), folder);
    for (String text : arguments.text("texts").split(File.pathSeparator)) {
      results.add(result(text));
      works.add(work(encoder, Path.of(text)));
    }
    long started = System.nanoTime();
    for (int i = 0; i < works.size(); i++) {
      if (!firstPass(works.get(i), results.get(i))) {
        results.forEach(this::print);
        return;
      }
    }
    while (secondsSince(started) < arguments.real("warm")) {
      for (Work work : works) {
        work.run(new Clock(), Map.of(), false);
      }
    }
    List<List<Clock>> clocks = new ArrayList<>();
    works.forEach(work -> clocks.add(new ArrayList<>()));
    for (int repetition = 0; repetition < arguments.number("repetitions"); repetition++) {
      for (int i = 0; i < works.size(); i++) {
        Clock clock = new Clock();
        works.get(i).run(clock, Map.of(), false);
        clocks.get(i).add(clock);
      }
    }
    for (int i = 0; i < works.size(); i++) {
      results.get(i).put("seconds", clocks.get(i).stream().map(Clock::seconds).toList());
      results.get(i).put("cpuSeconds", clocks.get(i).stream().map(Clock::cpuSeconds).toList());
      print(results.get(i));
    }
  }

  /** The first pass over a text; false if it takes longer than it may. */
  private boolean firstPass(Work work, Map<String, Object> result) {
    double limit = arguments.real("limit");
    if (limit == 0) {
      runFirst(work, result);
      return true;
    }
    CompletableFuture<Map<String, Object>> first = new CompletableFuture<>();
    Thread worker =
        new Thread(
            () -> {
              try {
                first.complete(runFirst(work, new LinkedHashMap<>()));
              } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
                first.completeExceptionally(e);
              }
            });
    worker.setDaemon(true); // It need not end before the process does.
    worker.start();
    try {
      result.putAll(first.get((long) (1e9 * limit), TimeUnit.NANOSECONDS));
      return true;
    } catch (TimeoutException e) {
      result.put("over", limit);
    } catch (ExecutionException e) {
      result.put("failed", e.getCause().toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      result.put("failed", "interrupted");
    }
    return false;
  }

  private static Map<String, Object> runFirst(Work work, Map<String, Object> result) {
    Clock clock = new Clock();
    work.run(clock, result, true);
    result.put("firstSeconds", clock.seconds());
    result.put("firstCpuSeconds", clock.cpuSeconds());
    return result;
  }

  private Work work(TokenEncoder<?> encoder, Path text) {
    return switch (arguments.text("work")) {
      case "encode" -> encodeOneByOne(encoder, chunks(text));
      case "encodeAll" -> encodeTogether(encoder, batches(chunks(text)));
      case "train" -> train(text);
      default ->
          throw new IllegalArgumentException(
              "Wanted the work encode, encodeAll, train, idle or save, got %s."
                  .formatted(arguments.text("work")));
    };
  }

  private static <R> Work encodeOneByOne(TokenEncoder<R> encoder, List<String> chunks) {
    return (clock, result, first) -> {
      Ids ids = new Ids();
      for (String chunk : chunks) {
        clock.start();
        R encoded = encoder.encode(chunk);
        clock.stop();
        if (first) {
          ids.add(encoder.ids(encoded));
        }
      }
      if (first) {
        ids.put(result);
      }
    };
  }

  private static <R> Work encodeTogether(TokenEncoder<R> encoder, List<List<String>> batches) {
    return (clock, result, first) -> {
      Ids ids = new Ids();
      for (List<String> batch : batches) {
        clock.start();
        List<R> encoded = encoder.encodeAll(batch);
        clock.stop();
        if (first) {
          encoded.forEach(each -> ids.add(encoder.ids(each)));
        }
      }
      if (first) {
        ids.put(result);
      }
    };
  }

  private Work train(Path text) {
    return (clock, result, first) -> {
      clock.start();
      BpeTokenizer trained = new BpeTrainer(arguments.number("vocabulary")).train(text);
      clock.stop();
      if (first) {
        withPeakMemory(result);
        result.put("tokens", trained.vocabularySize());
      }
    };
  }

  /**
   * A text in parts of whole lines, each line end after an ASCII letter, so that all candidates get
   * the same strings. Python cuts the same way.
   */
  private List<String> chunks(Path file) {
    byte[] text;
    try {
      text = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file.toAbsolutePath(), e);
    }
    int size = arguments.number("chunk");
    List<String> chunks = new ArrayList<>();
    for (int start = 0; start < text.length; ) {
      int end = size == 0 || text.length - start <= size ? text.length : cut(text, start, size);
      chunks.add(new String(text, start, end - start, StandardCharsets.UTF_8));
      start = end;
    }
    return chunks;
  }

  private static int cut(byte[] text, int start, int size) {
    for (int end = start + size; end > start + 1; end--) {
      int letter = text[end - 2] | 0x20;
      if (text[end - 1] == '\n' && letter >= 'a' && letter <= 'z') {
        return end;
      }
    }
    throw new IllegalArgumentException(
        "Wanted a line end after a letter in the %,d bytes from byte %,d. Take larger chunks."
            .formatted(size, start));
  }

  private List<List<String>> batches(List<String> chunks) {
    int size = arguments.number("batch");
    List<List<String>> batches = new ArrayList<>();
    for (int start = 0; start < chunks.size(); start += size) {
      batches.add(chunks.subList(start, Math.min(chunks.size(), start + size)));
    }
    return batches;
  }

  /** The number of ids and their hash, which tells whether two libraries agree. */
  private static final class Ids {
    private final MessageDigest digest;
    private long count;

    Ids() {
      try {
        digest = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }

    void add(int[] ids) {
      ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asIntBuffer().put(ids);
      digest.update(bytes);
      count += ids.length;
    }

    void put(Map<String, Object> result) {
      result.put("tokens", count);
      result.put("hash", HexFormat.of().formatHex(digest.digest(), 0, 8));
    }
  }

  private Map<String, Object> result(String text) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("candidate", arguments.text("candidate"));
    result.put("work", arguments.text("work"));
    result.put("text", text.isEmpty() ? "" : Path.of(text).getFileName().toString());
    return result;
  }

  /** Adds the most memory that was resident in this process so far, where Linux tells. */
  private static Map<String, Object> withPeakMemory(Map<String, Object> result) {
    Path status = Path.of("/proc/self/status");
    if (Files.exists(status)) {
      try {
        for (String line : Files.readAllLines(status)) {
          if (line.startsWith("VmHWM:")) {
            long kilobytes = Long.parseLong(line.replaceAll("\\D", ""));
            result.put("peakMegabytes", kilobytes * 1024 / 1e6);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException("Could not read " + status, e);
      }
    }
    return result;
  }

  private void print(Map<String, Object> result) {
    System.out.println(new Gson().toJson(result));
  }

  private static double secondsSince(long started) {
    return (System.nanoTime() - started) / 1e9;
  }
}
