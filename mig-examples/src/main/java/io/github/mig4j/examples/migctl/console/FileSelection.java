package io.github.mig4j.examples.migctl.console;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The files that arguments select: files, folders with all that is below them, and globs. */
public final class FileSelection {

  private static final Pattern GLOB = Pattern.compile(".*[*?\\[{].*");
  private static final Pattern YAML = Pattern.compile(".*\\.ya?ml");
  /** What only files of mig-parted and of the device plugin contain. */
  private static final Pattern OURS = Pattern.compile(
      "(?m)^[^#\\n]*\\b(?:mig-configs|timeSlicing|migStrategy|failRequestsGreaterThanOne)\\b"
          + "|^\\s*mps\\s*:");

  private FileSelection() {}

  /**
   * The selected files in order. A folder and a glob select only YAML files that contain a
   * configuration, so that the other files of a repository are no errors.
   *
   * @throws UnusableFileException if a folder or a glob selects no file
   * @throws NoSuchFileException if a file does not exist
   */
  public static List<Path> of(List<String> arguments) throws IOException {
    Set<Path> selected = new LinkedHashSet<>();
    for (String argument : arguments) {
      selected.addAll(of(argument));
    }
    return List.copyOf(selected);
  }

  /** Whether an argument is the name of one file, or standard input. */
  public static boolean isOneFile(String argument) {
    return !isGlob(argument) && !Files.isDirectory(Path.of(argument));
  }

  private static boolean isGlob(String argument) {
    return GLOB.matcher(argument).matches() && !exists(argument);
  }

  private static List<Path> of(String argument) throws IOException {
    if (argument.equals("-")) {
      return List.of(Path.of("-"));
    }
    if (isGlob(argument)) {
      PathMatcher glob = FileSystems.getDefault().getPathMatcher("glob:" + argument);
      return below(folder(argument), argument, file -> glob.matches(file));
    }
    Path path = Path.of(argument);
    return Files.isDirectory(path)
        ? below(path, argument, file -> YAML.matcher(file.toString()).matches())
        : List.of(path);
  }

  private static boolean exists(String argument) {
    try {
      return Files.exists(Path.of(argument));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  /** The folder in front of the first part that is a pattern. */
  private static Path folder(String glob) {
    int slash = glob.lastIndexOf('/', glob.replaceAll("[*?\\[{].*", "").length());
    return Path.of(slash < 0 ? "" : slash == 0 ? "/" : glob.substring(0, slash));
  }

  private static List<Path> below(Path folder, String argument, Predicate<Path> wanted)
      throws IOException {
    if (!Files.isDirectory(folder.toAbsolutePath())) {
      throw new NoSuchFileException(folder.toString());
    }
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> found = files
          .filter(file -> Files.isRegularFile(file) && !isHidden(folder, file))
          .filter(wanted)
          .filter(FileSelection::isOurs)
          .sorted()
          .toList();
      if (found.isEmpty()) {
        throw new UnusableFileException(
            "'%s' selects no YAML file with a configuration of mig-parted or of the device plugin"
                .formatted(argument));
      }
      return found;
    }
  }

  /** Of a tool, such as {@code .git}, if not the whole folder is. */
  private static boolean isHidden(Path folder, Path file) {
    return StreamSupport.stream(folder.relativize(file).spliterator(), false)
        .anyMatch(part -> part.toString().startsWith("."));
  }

  private static boolean isOurs(Path file) {
    try {
      return OURS.matcher(new String(Files.readAllBytes(file), StandardCharsets.UTF_8))
          .find();
    } catch (IOException e) {
      return true; // The check that reads it reports why it cannot be read.
    }
  }
}
