/**
 * Texts to train on: where they come from, how they are checked, how they are divided.
 *
 * <p>Start with {@link grounds.corpus.Corpus}: {@code Corpus.load("tiny-shakespeare")} looks the
 * name up in the {@link grounds.corpus.DatasetCatalog}, asks the {@link
 * grounds.corpus.DatasetCache} for the file (cache folder, extra folders, download), which checks
 * its SHA-256, and holds the text. {@link grounds.corpus.Corpus#split} then gives the training and
 * the validation text. Where there is no network, a data set that names a fallback is replaced by
 * it, and one line of output says so.
 *
 * <p>What a model learns to answer from are rows: {@link grounds.corpus.Conversation} and {@link
 * grounds.corpus.Preference} read them from JSON and refuse those that teach nothing; {@link
 * grounds.corpus.BuiltInTasks} makes some with exact answers.
 *
 * <p>To add a data set, add an entry to {@code data/catalogue.json}: its address pinned to a
 * commit, its size and its checksum. A file of your own needs no entry: {@code
 * Corpus.fromFile(path)}.
 */
package grounds.corpus;
