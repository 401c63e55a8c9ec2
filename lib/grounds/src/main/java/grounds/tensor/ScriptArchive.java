package grounds.tensor;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The file format in which PyTorch keeps a script: a zip of stored entries, the program as text and
 * the attributes' first values as a pickle. Ours holds no tensors, so it is a few kilobytes; {@code
 * torch.jit.load} in Python reads it too.
 */
final class ScriptArchive {

  private static final String FOLDER = "script/";

  private ScriptArchive() {}

  /** The archive of a script whose lists are empty. */
  static byte[] bytes(Script script) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      store(zip, "data.pkl", module(script.attributes()));
      store(zip, "code/__torch__.py", script.text().getBytes(StandardCharsets.UTF_8));
      store(zip, "constants.pkl", emptyTuple());
      store(zip, "version", "10\n".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException("A zip in memory could not be written.", e);
    }
    return out.toByteArray();
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(FOLDER + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  /** An object of the script's class with these fields, in the pickle protocol 2. */
  private static byte[] module(Map<String, String> attributes) {
    Pickle pickle = new Pickle();
    pickle.raw("\u0080\u0002"); // protocol 2
    pickle.raw("c__torch__\n" + Script.CLASS + "\n"); // the class
    pickle.raw(")\u0081"); // made without arguments
    pickle.raw("}("); // a dictionary of its fields
    pickle.text("training").raw("\u0088"); // true
    attributes
        .keySet()
        .forEach(name -> pickle.text(name).raw("]")); // an empty list; its type is in the class
    pickle.raw("ub."); // set the items, build the object, stop
    return pickle.bytes();
  }

  private static byte[] emptyTuple() {
    return new Pickle().raw("\u0080\u0002).").bytes();
  }

  /** The few opcodes of the pickle protocol that an archive needs. */
  private static final class Pickle {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Pickle raw(String bytes) {
      out.writeBytes(bytes.getBytes(StandardCharsets.ISO_8859_1));
      return this;
    }

    Pickle text(String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      out.write('X');
      for (int shift = 0; shift < 32; shift += 8) {
        out.write(utf8.length >>> shift);
      }
      out.writeBytes(utf8);
      return this;
    }

    byte[] bytes() {
      return out.toByteArray();
    }
  }
}
