package grounds.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** What stands before the ids of a {@link TokenFile}, where its layout is described. */
record TokenFileHeader(
    int bytesPerId,
    long count,
    int vocabularySize,
    String vocabularyHash,
    String idsHash,
    String tokenizerName) {

  static final int BYTES = 4096;

  private static final byte[] MAGIC = "GRNDTOKS".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final int HASH_BYTES = 32;
  private static final int NAME_AT = 96;
  private static final int CHECKSUM_AT = BYTES - HASH_BYTES;
  private static final int MAX_NAME_BYTES = CHECKSUM_AT - NAME_AT;

  TokenFileHeader {
    int nameBytes = tokenizerName.getBytes(StandardCharsets.UTF_8).length;
    if (nameBytes > MAX_NAME_BYTES) {
      throw new IllegalArgumentException(
          "Wanted a tokenizer with a name of at most %,d bytes in UTF-8, got one of %,d."
              .formatted(MAX_NAME_BYTES, nameBytes));
    }
    requireHash(vocabularyHash);
    requireHash(idsHash);
  }

  private static void requireHash(String hash) {
    if (!hash.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          "Wanted a SHA-256 in 64 hexadecimal digits (see Tokenizer.vocabularyHash), got \"%s\"."
              .formatted(hash));
    }
  }

  /** Two bytes an id while they are enough. */
  static int bytesPerId(int vocabularySize) {
    return vocabularySize <= 1 << 16 ? 2 : 4;
  }

  long fileBytes() {
    return BYTES + count * bytesPerId;
  }

  byte[] toBytes() {
    byte[] name = tokenizerName.getBytes(StandardCharsets.UTF_8);
    ByteBuffer header =
        ByteBuffer.allocate(BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(MAGIC)
            .putInt(VERSION)
            .putInt(bytesPerId)
            .putLong(count)
            .putInt(vocabularySize)
            .putInt(name.length)
            .put(HexFormat.of().parseHex(vocabularyHash))
            .put(HexFormat.of().parseHex(idsHash))
            .put(name);
    header.put(CHECKSUM_AT, checksum(header.array()));
    return header.array();
  }

  /**
   * Reads the header of a file.
   *
   * @param start the file's first bytes: {@link #BYTES}, or all of them if it has fewer
   * @param fileBytes the whole file's size
   */
  static TokenFileHeader parse(Path file, byte[] start, long fileBytes) {
    int magicBytes = Math.min(MAGIC.length, start.length);
    if (!Arrays.equals(start, 0, magicBytes, MAGIC, 0, magicBytes)) {
      throw new IllegalArgumentException(
          ("%s is not a token file: it does not begin with %s. Make one from a text:"
                  + " TokenFile.write(file, tokenizer, text, special).")
              .formatted(file, new String(MAGIC, StandardCharsets.US_ASCII)));
    }
    if (start.length < BYTES) {
      throw truncated(file, BYTES, fileBytes);
    }
    ByteBuffer header = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN);
    int version = header.position(MAGIC.length).getInt();
    if (version > VERSION) {
      throw new IllegalArgumentException(
          ("%s is a token file of version %d; this library reads up to version %d. Use the library"
                  + " that wrote it, or write the file again from its text.")
              .formatted(file, version, VERSION));
    }
    if (!Arrays.equals(start, CHECKSUM_AT, BYTES, checksum(start), 0, HASH_BYTES)) {
      throw damaged(file, "its header does not have the checksum it should have");
    }
    int bytesPerId = header.getInt();
    long count = header.getLong();
    int vocabularySize = header.getInt();
    int nameBytes = header.getInt();
    // Nobody writes such a header; but nothing below may rely on that.
    if (version != VERSION
        || vocabularySize < 1
        || bytesPerId != bytesPerId(vocabularySize)
        || count < 0
        || count > (Long.MAX_VALUE - BYTES) / bytesPerId
        || nameBytes < 0
        || nameBytes > MAX_NAME_BYTES) {
      throw damaged(
          file,
          "its header makes no sense (version %d, %d bytes an id, %d ids of a vocabulary of %d)"
              .formatted(version, bytesPerId, count, vocabularySize));
    }
    TokenFileHeader read =
        new TokenFileHeader(
            bytesPerId,
            count,
            vocabularySize,
            hash(header),
            hash(header),
            new String(start, NAME_AT, nameBytes, StandardCharsets.UTF_8));
    if (fileBytes < read.fileBytes()) {
      throw truncated(file, read.fileBytes(), fileBytes);
    }
    if (fileBytes > read.fileBytes()) {
      throw damaged(
          file,
          "its header describes %,d bytes and it has %,d".formatted(read.fileBytes(), fileBytes));
    }
    return read;
  }

  private static String hash(ByteBuffer header) {
    byte[] hash = new byte[HASH_BYTES];
    header.get(hash);
    return HexFormat.of().formatHex(hash);
  }

  private static byte[] checksum(byte[] header) {
    MessageDigest digest = sha256();
    digest.update(header, 0, CHECKSUM_AT);
    return digest.digest();
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256.", e);
    }
  }

  private static IllegalArgumentException truncated(Path file, long wanted, long got) {
    return new IllegalArgumentException(
        ("%s is cut off: wanted %,d bytes, got %,d. It may be a copy that broke off: take another"
                + " copy, or write the file again from its text.")
            .formatted(file, wanted, got));
  }

  static IllegalArgumentException damaged(Path file, String why) {
    return new IllegalArgumentException(
        "%s is damaged: %s. Take another copy, or write the file again from its text."
            .formatted(file, why));
  }
}
