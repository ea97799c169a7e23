// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.io.IOException;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The blocking half of what {@link Directories} does with whole trees. An interrupt stops it between two entries. */
final class Trees {

    private static final int DELETE_ATTEMPTS = 4;

    private Trees() {}

    /** Creates a directory and those above it. Returns the first that was not there; null if all were. */
    static @Nullable Path create(Path directory) throws IOException {
        Path missing = null;
        for (Path each = directory.toAbsolutePath();
                each != null && !Files.isDirectory(each);
                each = each.getParent()) {
            missing = each;
        }
        Files.createDirectories(directory);
        return missing;
    }

    /** Returns false if there was nothing. Somebody may add to it meanwhile: it tries a few times. */
    static boolean delete(Path root) throws IOException {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        for (int attempt = 1; ; attempt++) {
            try {
                Files.walkFileTree(root, new Deletion());
                return true;
            } catch (DirectoryNotEmptyException added) {
                if (attempt == DELETE_ATTEMPTS) {
                    throw added;
                }
            }
        }
    }

    static void copy(Path source, Path target, List<CopyOption> options) throws IOException {
        if (target.toAbsolutePath()
                .normalize()
                .startsWith(source.toAbsolutePath().normalize())) {
            throw new FileSystemException(
                    source.toString(), target.toString(), "Invalid argument: the target is inside the source");
        }
        Set<FileVisitOption> follow = options.contains(LinkOption.NOFOLLOW_LINKS)
                ? EnumSet.noneOf(FileVisitOption.class)
                : EnumSet.of(FileVisitOption.FOLLOW_LINKS);
        Files.walkFileTree(source, follow, Integer.MAX_VALUE, new Copying(source, target, options));
    }

    private static final class Deletion extends SimpleFileVisitor<Path> {

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Io.checkInterrupt();
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException error) throws IOException {
            if (error instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE; // somebody else deletes it too
            }
            throw error;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException error) throws IOException {
            if (error != null && !(error instanceof NoSuchFileException)) {
                throw error;
            }
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
        }
    }

    private static final class Copying extends SimpleFileVisitor<Path> {

        private final Path source;
        private final Path target;
        private final CopyOption[] options;
        private final boolean attributesToo;

        Copying(Path source, Path target, List<CopyOption> options) {
            this.source = source;
            this.target = target;
            this.options = options.toArray(CopyOption[]::new);
            this.attributesToo = options.contains(StandardCopyOption.COPY_ATTRIBUTES);
        }

        private Path targetOf(Path path) {
            return target.resolve(source.relativize(path).toString());
        }

        @Override
        public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
            Io.checkInterrupt();
            Path copy = targetOf(directory);
            try {
                Files.createDirectory(copy);
            } catch (FileAlreadyExistsException present) {
                if (!Files.isDirectory(copy)) {
                    throw present;
                }
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Io.checkInterrupt();
            Files.copy(file, targetOf(file), options);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException error) throws IOException {
            if (error != null) {
                throw error;
            }
            if (attributesToo) {
                copyTimes(directory, targetOf(directory));
            }
            return FileVisitResult.CONTINUE;
        }

        private static void copyTimes(Path from, Path to) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(from, BasicFileAttributes.class);
            Files.getFileAttributeView(to, BasicFileAttributeView.class)
                    .setTimes(attributes.lastModifiedTime(), attributes.lastAccessTime(), attributes.creationTime());
        }

        @Override
        public String toString() {
            return "Copying(" + source + " to " + target + " " + Arrays.toString(options) + ")";
        }
    }
}
