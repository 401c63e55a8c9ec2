package grounds.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.MalformedJsonException;
import grounds.tokenizer.BpeTokenizer.Pair;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Byte-level vocabularies in files: {@code vocab.json} with {@code merges.txt} as GPT-2 was
 * published, {@code tokenizer.json} as Hugging Face's tokenizers write it, and tiktoken's ranks.
 *
 * <p>The first two hold text, not bytes. So each byte has a printable character: printable Latin-1
 * stands for itself, the other bytes are U+0100 and on.
 */
final class BpeFiles {
  private static final String VOCAB = "vocab.json";
  private static final String MERGES = "merges.txt";
  private static final String TOKENIZER = "tokenizer.json";

  /** The highest id that a file may use: a wrong one must not ask for all memory. */
  private static final int MOST_TOKENS = 1 << 24;

  private static final char[] CHARACTERS = new char[256];
  private static final Map<Character, Byte> BYTES = new HashMap<>();

  static {
    int next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xFF && b != 0xAD;
      CHARACTERS[b] = (char) (printable ? b : next++);
      BYTES.put(CHARACTERS[b], (byte) b);
    }
  }

  private BpeFiles() {}

  /** Published vocabularies that come with the build, each read once. */
  enum Published {
    GPT2("gpt2", "r50k_base", PreTokenizer.GPT2, Map.of("<|endoftext|>", 50256)),
    CL100K(
        "cl100k_base",
        "cl100k_base",
        PreTokenizer.CL100K,
        Map.of(
            "<|endoftext|>", 100257,
            "<|fim_prefix|>", 100258,
            "<|fim_middle|>", 100259,
            "<|fim_suffix|>", 100260,
            "<|endofprompt|>", 100276));

    private final String name;
    private final String resource;
    private final PreTokenizer preTokenizer;
    private final Map<String, Integer> special;
    private BpeTokenizer tokenizer;

    Published(
        String name, String resource, PreTokenizer preTokenizer, Map<String, Integer> special) {
      this.name = name;
      this.resource = "/com/knuddels/jtokkit/" + resource + ".tiktoken";
      this.preTokenizer = preTokenizer;
      this.special = special;
    }

    synchronized BpeTokenizer tokenizer() {
      if (tokenizer == null) {
        try (InputStream in = BpeFiles.class.getResourceAsStream(resource)) {
          if (in == null) {
            throw new IllegalStateException(
                "%s is not on the class path: the jar of com.knuddels:jtokkit is missing there."
                    .formatted(resource));
          }
          tokenizer = BpeTokenizer.ofRanks(name, preTokenizer, ranks(in, resource), special);
        } catch (IOException e) {
          throw new UncheckedIOException("Could not read " + resource, e);
        }
      }
      return tokenizer;
    }
  }

  // ------------------------------------------------------------------------------------- tiktoken

  static BpeTokenizer readTiktoken(
      Path file, PreTokenizer preTokenizer, Map<String, Integer> special) {
    return reading(
        file,
        () -> {
          try (InputStream in = Files.newInputStream(file)) {
            return BpeTokenizer.ofRanks(
                file.getFileName().toString(), preTokenizer, ranks(in, file.toString()), special);
          }
        });
  }

  private static List<byte[]> ranks(InputStream in, String file) throws IOException {
    BufferedReader reader = new BufferedReader(new InputStreamReader(in, UTF_8));
    List<byte[]> tokens = new ArrayList<>();
    int number = 0;
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      number++;
      if (line.isEmpty()) {
        continue;
      }
      try {
        int blank = line.indexOf(' ');
        byte[] token = Base64.getDecoder().decode(line.substring(0, blank));
        put(tokens, Integer.parseInt(line.substring(blank + 1)), token);
      } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
        throw broken(file, number, "wanted a token in base 64, a blank and its id", line, e);
      }
    }
    return tokens;
  }

  private static void put(List<byte[]> tokens, int id, byte[] token) {
    if (id < 0 || id >= MOST_TOKENS) {
      throw new IllegalArgumentException("An id is 0 to %d.".formatted(MOST_TOKENS - 1));
    }
    while (tokens.size() <= id) {
      tokens.add(null);
    }
    if (tokens.set(id, token) != null) {
      throw new IllegalArgumentException("Two tokens have the id %d.".formatted(id));
    }
  }

  // ------------------------------------------------------------------- vocab.json and merges.txt

  static BpeTokenizer readVocabAndMerges(Path folder, PreTokenizer preTokenizer) {
    Path vocabFile = folder.resolve(VOCAB);
    Path mergesFile = folder.resolve(MERGES);
    Map<String, Integer> ids = reading(vocabFile, () -> vocab(vocabFile));
    List<String> lines = reading(mergesFile, () -> Files.readAllLines(mergesFile, UTF_8));
    List<String[]> merges = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.isEmpty() || i == 0 && line.startsWith("#version")) {
        continue;
      }
      String[] pair = line.split(" ", -1);
      if (pair.length != 2 || pair[0].isEmpty() || pair[1].isEmpty()) {
        throw broken(
            mergesFile.toString(),
            i + 1,
            "wanted two tokens with a blank between them",
            line,
            null);
      }
      requireTokens(ids, pair, "%s, line %d".formatted(mergesFile, i + 1));
      merges.add(pair);
    }
    Set<String> made = new HashSet<>();
    merges.forEach(pair -> made.add(pair[0] + pair[1]));
    Map<String, Integer> special = new LinkedHashMap<>();
    ids.forEach(
        (token, id) -> {
          if (token.length() > 1 && !made.contains(token)) {
            special.put(token, id);
          }
        });
    return build(
        folder.getFileName().toString(), vocabFile, preTokenizer, ids, merges, special, false);
  }

  private static void requireTokens(Map<String, Integer> ids, String[] pair, String place) {
    for (String token : new String[] {pair[0], pair[1], pair[0] + pair[1]}) {
      if (!ids.containsKey(token)) {
        throw new IllegalArgumentException(
            ("%s merges \"%s\" and \"%s\", but the vocabulary has no token \"%s\". Do the two files"
                    + " belong together?")
                .formatted(place, pair[0], pair[1], token));
      }
    }
  }

  private static Map<String, Integer> vocab(Path file) throws IOException {
    Map<String, Integer> ids = new LinkedHashMap<>();
    try (JsonReader reader = new JsonReader(Files.newBufferedReader(file, UTF_8))) {
      readVocab(reader, ids, file.toString());
    }
    return ids;
  }

  /** Token by token: a map would keep silent about a token that is there twice. */
  private static void readVocab(JsonReader reader, Map<String, Integer> ids, String file)
      throws IOException {
    reader.beginObject();
    while (reader.hasNext()) {
      String token = reader.nextName();
      int id = reader.nextInt();
      Integer before = ids.put(token, id);
      if (before != null) {
        throw new IllegalArgumentException(
            "%s has the token \"%s\" twice, with the ids %d and %d."
                .formatted(file, token, before, id));
      }
    }
    reader.endObject();
  }

  private static BpeTokenizer build(
      String name,
      Path file,
      PreTokenizer preTokenizer,
      Map<String, Integer> ids,
      List<String[]> merges,
      Map<String, Integer> special,
      boolean wholePieces) {
    try {
      List<byte[]> tokens = new ArrayList<>();
      ids.forEach(
          (token, id) -> {
            if (!special.containsKey(token)) {
              put(tokens, id, bytes(token));
            }
          });
      List<Pair> pairs =
          merges.stream().map(pair -> new Pair(ids.get(pair[0]), ids.get(pair[1]))).toList();
      return new BpeTokenizer(name, preTokenizer, tokens, pairs, wholePieces, special);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  /** The bytes that the characters of a token in a file stand for. */
  private static byte[] bytes(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      Byte b = BYTES.get(token.charAt(i));
      if (b == null) {
        throw new IllegalArgumentException(
            "The token \"%s\" holds U+%04X, which stands for no byte. Is this a byte-level vocabulary?"
                .formatted(token, (int) token.charAt(i)));
      }
      bytes[i] = b;
    }
    return bytes;
  }

  private static String characters(byte[] token) {
    StringBuilder characters = new StringBuilder();
    for (byte b : token) {
      characters.append(CHARACTERS[b & 0xFF]);
    }
    return characters.toString();
  }

  // -------------------------------------------------------------------------------- tokenizer.json

  static BpeTokenizer readTokenizerJson(Path file) {
    JsonObject json =
        reading(file, () -> JsonParser.parseString(Files.readString(file)).getAsJsonObject());
    try {
      JsonObject model = json.getAsJsonObject("model");
      requireByteLevel(file, json, model);
      Map<String, Integer> ids = new LinkedHashMap<>();
      model.getAsJsonObject("vocab").asMap().forEach((t, id) -> ids.put(t, id.getAsInt()));
      List<String[]> merges = new ArrayList<>();
      for (JsonElement merge : model.getAsJsonArray("merges")) {
        String[] pair =
            merge.isJsonArray()
                ? new Gson().fromJson(merge, String[].class)
                : merge.getAsString().split(" ", -1);
        if (pair.length != 2) {
          throw new IllegalArgumentException(
              "%s: a merge has two tokens; number %d is %s.".formatted(file, merges.size(), merge));
        }
        requireTokens(ids, pair, "%s, merge %d,".formatted(file, merges.size()));
        merges.add(pair);
      }
      Map<String, Integer> special = new LinkedHashMap<>();
      JsonElement added = json.get("added_tokens");
      if (added != null && added.isJsonArray()) {
        for (JsonElement token : added.getAsJsonArray()) {
          special.put(
              token.getAsJsonObject().get("content").getAsString(),
              token.getAsJsonObject().get("id").getAsInt());
        }
      }
      JsonElement whole = model.get("ignore_merges");
      return build(
          name(file),
          file,
          preTokenizer(file, json.get("pre_tokenizer")),
          ids,
          merges,
          special,
          whole != null && whole.getAsBoolean());
    } catch (JsonParseException
        | IllegalStateException
        | ClassCastException
        | NumberFormatException
        | NullPointerException
        | UnsupportedOperationException e) {
      throw new IllegalArgumentException(
          "%s is not a tokenizer.json of a byte-level BPE (%s).".formatted(file, e.getMessage()),
          e);
    }
  }

  private static String name(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    return file.endsWith(TOKENIZER) && folder != null && folder.getFileName() != null
        ? folder.getFileName().toString()
        : file.getFileName().toString();
  }

  private static void requireByteLevel(Path file, JsonObject json, JsonObject model) {
    String type = model == null || !model.has("type") ? "none" : model.get("type").getAsString();
    if (!type.equals("BPE")) {
      throw new IllegalArgumentException(
          "%s holds a model of the type %s; wanted BPE.".formatted(file, type));
    }
    if (json.has("normalizer") && !json.get("normalizer").isJsonNull()) {
      throw new IllegalArgumentException(
          "%s normalises text before it is encoded (%s); this tokenizer keeps every byte."
              .formatted(file, json.get("normalizer")));
    }
  }

  private static PreTokenizer preTokenizer(Path file, JsonElement json) {
    for (PreTokenizer known : PreTokenizer.values()) {
      if (json(known).equals(json)) {
        return known;
      }
    }
    if (json != null && json.isJsonObject()) {
      // As GPT-2's own file has it; a space before the text is another tokenizer.
      JsonObject simple = json.getAsJsonObject();
      boolean byteLevel =
          simple.has("type") && simple.get("type").getAsString().equals("ByteLevel");
      boolean space =
          simple.has("add_prefix_space") && simple.get("add_prefix_space").getAsBoolean();
      if (byteLevel && !space) {
        boolean regex = !simple.has("use_regex") || simple.get("use_regex").getAsBoolean();
        return regex ? PreTokenizer.GPT2 : PreTokenizer.NONE;
      }
    }
    throw new IllegalArgumentException(
        "%s cuts text into pieces by %s; known here are GPT-2's and cl100k's way, and none."
            .formatted(file, json));
  }

  private static JsonObject json(PreTokenizer preTokenizer) {
    JsonObject byteLevel = byteLevel(preTokenizer == PreTokenizer.GPT2);
    if (preTokenizer != PreTokenizer.CL100K) {
      return byteLevel;
    }
    JsonObject pattern = new JsonObject();
    pattern.addProperty("Regex", preTokenizer.pattern());
    JsonObject split = new JsonObject();
    split.addProperty("type", "Split");
    split.add("pattern", pattern);
    split.addProperty("behavior", "Isolated");
    split.addProperty("invert", false);
    JsonArray steps = new JsonArray();
    steps.add(split);
    steps.add(byteLevel);
    JsonObject sequence = new JsonObject();
    sequence.addProperty("type", "Sequence");
    sequence.add("pretokenizers", steps);
    return sequence;
  }

  private static JsonObject byteLevel(boolean regex) {
    JsonObject json = new JsonObject();
    json.addProperty("type", "ByteLevel");
    json.addProperty("add_prefix_space", false);
    json.addProperty("trim_offsets", true);
    json.addProperty("use_regex", regex);
    return json;
  }

  // ----------------------------------------------------------------------------------------
  // writing

  static void write(BpeTokenizer tokenizer, Path folder) {
    Gson gson =
        new GsonBuilder().disableHtmlEscaping().serializeNulls().setPrettyPrinting().create();
    Map<Integer, String> names = new LinkedHashMap<>();
    JsonObject vocab = new JsonObject();
    Map<Integer, String> special = new HashMap<>();
    tokenizer.specialTokens().forEach((token, id) -> special.put(id, token));
    for (int id = 0; id < tokenizer.vocabularySize(); id++) {
      if (special.containsKey(id)) {
        vocab.addProperty(special.get(id), id);
      } else if (tokenizer.isUsed(id)) {
        names.put(id, characters(tokenizer.tokenBytes(id)));
        vocab.addProperty(names.get(id), id);
      }
    }
    StringBuilder lines = new StringBuilder("#version: 0.2\n");
    JsonArray merges = new JsonArray();
    for (Pair pair : tokenizer.merges()) {
      String left = names.get(pair.left());
      String right = names.get(pair.right());
      lines.append(left).append(' ').append(right).append('\n');
      JsonArray both = new JsonArray();
      both.add(left);
      both.add(right);
      merges.add(both);
    }
    WholeFile.write(folder.resolve(VOCAB), gson.toJson(vocab));
    WholeFile.write(folder.resolve(MERGES), lines.toString());
    WholeFile.write(folder.resolve(TOKENIZER), gson.toJson(json(tokenizer, vocab, merges)));
  }

  private static JsonObject json(BpeTokenizer tokenizer, JsonObject vocab, JsonArray merges) {
    JsonArray added = new JsonArray();
    tokenizer
        .specialTokens()
        .forEach(
            (token, id) -> {
              JsonObject entry = new JsonObject();
              entry.addProperty("id", id);
              entry.addProperty("content", token);
              for (String no : List.of("single_word", "lstrip", "rstrip", "normalized")) {
                entry.addProperty(no, false);
              }
              entry.addProperty("special", true);
              added.add(entry);
            });
    JsonObject model = new JsonObject();
    model.addProperty("type", "BPE");
    for (String no :
        List.of("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix")) {
      model.add(no, JsonNull.INSTANCE);
    }
    model.addProperty("fuse_unk", false);
    model.addProperty("byte_fallback", false);
    model.addProperty("ignore_merges", tokenizer.wholePieces());
    model.add("vocab", vocab);
    model.add("merges", merges);
    JsonObject json = new JsonObject();
    json.addProperty("version", "1.0");
    json.add("truncation", JsonNull.INSTANCE);
    json.add("padding", JsonNull.INSTANCE);
    json.add("added_tokens", added);
    json.add("normalizer", JsonNull.INSTANCE);
    json.add("pre_tokenizer", json(tokenizer.preTokenizer()));
    json.add("post_processor", JsonNull.INSTANCE);
    json.add("decoder", byteLevel(true));
    json.add("model", model);
    return json;
  }

  // -----------------------------------------------------------------------------------------
  // errors

  private interface Reading<T> {
    T read() throws IOException;
  }

  private static <T> T reading(Path file, Reading<T> reading) {
    try {
      return reading.read();
    } catch (MalformedInputException e) {
      throw new IllegalArgumentException(file + " is not UTF-8 text.", e);
    } catch (JsonParseException
        | MalformedJsonException
        | EOFException
        | IllegalStateException
        | NumberFormatException e) {
      throw new IllegalArgumentException(
          "%s is not the JSON of a vocabulary: %s".formatted(file, e.getMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read " + file.toAbsolutePath(), e);
    }
  }

  private static IllegalArgumentException broken(
      String file, int line, String wanted, String got, Exception cause) {
    return new IllegalArgumentException(
        "%s, line %d: %s; got \"%s\".%s"
            .formatted(
                file,
                line,
                wanted,
                got.length() > 80 ? got.substring(0, 80) + "..." : got,
                cause == null || cause.getMessage() == null ? "" : " " + cause.getMessage()),
        cause);
  }
}
