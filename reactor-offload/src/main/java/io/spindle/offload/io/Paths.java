// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.io.IOException;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.FileStore;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import reactor.core.publisher.Mono;

/**
 * What is done with the names of files: attributes, rights, times, links, moving, copying, deleting; on the pool that
 * {@link Files} uses and with its rules. Node analogue: {@code stat}, {@code access}, {@code chmod}, {@code chown},
 * {@code utimes}, {@code link}, {@code symlink}, {@code readlink}, {@code realpath}, {@code rename}, {@code copyFile},
 * {@code unlink}, {@code rmdir} and {@code statfs} of {@code fs/promises}; their forms for links ({@code lstat} and so on)
 * are those with {@link LinkOption#NOFOLLOW_LINKS}.
 *
 * @since 0.1.0
 */
public final class Paths {

    private Paths() {}

    /**
     * The room on a file system. Node analogue: {@code statfs}.
     *
     * @param totalBytes its size
     * @param freeBytes not allocated
     * @param usableBytes available to this user, as an estimate
     */
    public record Space(long totalBytes, long freeBytes, long usableBytes) {}

    /**
     * Reads the attributes of a file. Node analogue: {@code stat}, {@code lstat}.
     *
     * @param path of a file, directory or link
     * @param options {@code NOFOLLOW_LINKS} for the attributes of a link itself
     * @return a cold {@code Mono} of the attributes as they were then, {@link PosixFileAttributes} where the file system
     *     has them; never empty
     */
    public static Mono<BasicFileAttributes> stat(Path path, LinkOption... options) {
        LinkOption[] chosen = options.clone();
        return Io.call("stat", path, () -> read(path, chosen));
    }

    private static BasicFileAttributes read(Path path, LinkOption[] options) throws IOException {
        PosixFileAttributeView posix =
                java.nio.file.Files.getFileAttributeView(path, PosixFileAttributeView.class, options);
        return posix == null
                ? java.nio.file.Files.readAttributes(path, BasicFileAttributes.class, options)
                : posix.readAttributes();
    }

    /**
     * Tells whether something is there. Node analogue: {@code existsSync}; an answer may be outdated when it arrives, so
     * rather open the file and handle the error.
     *
     * @param path of a file, directory or link
     * @return a cold {@code Mono} of whether there is something, never empty
     */
    public static Mono<Boolean> exists(Path path) {
        return Io.call("access", path, () -> java.nio.file.Files.exists(path));
    }

    /**
     * Checks what this user may do with a file. Node analogue: {@code access}.
     *
     * @param path of a file or directory
     * @param modes what must be allowed; none for whether it exists
     * @return a cold {@code Mono} that completes if all is allowed; else it errors with {@code EACCES} or
     *     {@code ENOENT}
     */
    public static Mono<Void> access(Path path, AccessMode... modes) {
        AccessMode[] chosen = modes.clone();
        return Io.call("access", path, () -> {
            path.getFileSystem().provider().checkAccess(path, chosen);
            return null;
        });
    }

    /**
     * Sets who may do what. Node analogue: {@code chmod}.
     *
     * @param path of a file or directory
     * @param permissions all that is allowed from now on, such as
     *     {@link java.nio.file.attribute.PosixFilePermissions#fromString}{@code ("rw-r-----")}
     * @return a cold {@code Mono} that completes when they are set
     */
    public static Mono<Void> chmod(Path path, Set<PosixFilePermission> permissions) {
        Set<PosixFilePermission> chosen = Set.copyOf(permissions);
        return Io.call("chmod", path, () -> java.nio.file.Files.setPosixFilePermissions(path, chosen))
                .then();
    }

    /**
     * Sets the owner and the group. Node analogue: {@code chown}, which takes numbers; numbers as text are taken here
     * too.
     *
     * @param path of a file, directory or link
     * @param owner name of a user
     * @param group name of a group
     * @param options {@code NOFOLLOW_LINKS} to change a link itself
     * @return a cold {@code Mono} that completes when they are set
     */
    public static Mono<Void> chown(Path path, String owner, String group, LinkOption... options) {
        Objects.requireNonNull(owner, "owner");
        Objects.requireNonNull(group, "group");
        LinkOption[] chosen = options.clone();
        return Io.call("chown", path, () -> {
            UserPrincipalLookupService names = path.getFileSystem().getUserPrincipalLookupService();
            PosixFileAttributeView view =
                    java.nio.file.Files.getFileAttributeView(path, PosixFileAttributeView.class, chosen);
            if (view == null) {
                throw new IOException("Operation not permitted: this file system has no owners");
            }
            view.setOwner(names.lookupPrincipalByName(owner));
            view.setGroup(names.lookupPrincipalByGroupName(group));
            return null;
        });
    }

    /**
     * Sets when a file was used and changed. Node analogue: {@code utimes}, {@code lutimes}.
     *
     * @param path of a file, directory or link
     * @param accessed its new time of access
     * @param modified its new time of change
     * @param options {@code NOFOLLOW_LINKS} to change a link itself
     * @return a cold {@code Mono} that completes when they are set
     */
    public static Mono<Void> utimes(Path path, Instant accessed, Instant modified, LinkOption... options) {
        FileTime access = FileTime.from(accessed);
        FileTime change = FileTime.from(modified);
        LinkOption[] chosen = options.clone();
        return Io.call("utimes", path, () -> {
            java.nio.file.Files.getFileAttributeView(path, BasicFileAttributeView.class, chosen)
                    .setTimes(change, access, null);
            return null;
        });
    }

    /**
     * Creates a symbolic link. Node analogue: {@code symlink}.
     *
     * @param link the new name
     * @param target where it leads, relative to the link's directory or absolute; need not exist
     * @return a cold {@code Mono} that completes when it is there
     */
    public static Mono<Void> symlink(Path link, Path target) {
        return Io.call("symlink", link, target, () -> java.nio.file.Files.createSymbolicLink(link, target))
                .then();
    }

    /**
     * Gives a file a further name. Node analogue: {@code link}.
     *
     * @param link the new name
     * @param existing a file on the same file system
     * @return a cold {@code Mono} that completes when it is there
     */
    public static Mono<Void> link(Path link, Path existing) {
        return Io.call("link", link, existing, () -> java.nio.file.Files.createLink(link, existing))
                .then();
    }

    /**
     * Reads where a symbolic link leads. Node analogue: {@code readlink}.
     *
     * @param link a symbolic link
     * @return a cold {@code Mono} of its target as it was given, never empty
     */
    public static Mono<Path> readlink(Path link) {
        return Io.call("readlink", link, () -> java.nio.file.Files.readSymbolicLink(link));
    }

    /**
     * Finds the absolute path of a file, without links and dots. Node analogue: {@code realpath}.
     *
     * @param path must exist
     * @return a cold {@code Mono} of the path, never empty
     */
    public static Mono<Path> realpath(Path path) {
        return Io.call("realpath", path, () -> path.toRealPath());
    }

    /**
     * Copies a file. Node analogue: {@code copyFile}. For directories see {@link Directories#copyAll}.
     *
     * @param source a file
     * @param target its new copy
     * @param options such as {@code COPY_ATTRIBUTES}. Default: {@code REPLACE_EXISTING}
     * @return a cold {@code Mono} that completes when it is copied
     */
    public static Mono<Void> copy(Path source, Path target, CopyOption... options) {
        List<CopyOption> chosen = options.length == 0 ? List.of(StandardCopyOption.REPLACE_EXISTING) : List.of(options);
        return Io.call(
                        "copy",
                        source,
                        target,
                        () -> java.nio.file.Files.copy(source, target, chosen.toArray(CopyOption[]::new)))
                .then();
    }

    /**
     * Moves a file or directory within a file system, over a file that is there, in one step. Node analogue:
     * {@code rename}.
     *
     * @param source what is moved
     * @param target its new path
     * @return a cold {@code Mono} that completes when it is moved
     */
    public static Mono<Void> move(Path source, Path target) {
        return Io.call(
                        "move",
                        source,
                        target,
                        () -> java.nio.file.Files.move(source, target, StandardCopyOption.ATOMIC_MOVE))
                .then();
    }

    /**
     * Deletes a file or an empty directory. Node analogue: {@code unlink} and {@code rmdir}. For whole trees see
     * {@link Directories#deleteAll}.
     *
     * @param path it must exist
     * @return a cold {@code Mono} that completes when it is gone
     */
    public static Mono<Void> delete(Path path) {
        return Io.call("delete", path, () -> {
            java.nio.file.Files.delete(path);
            return null;
        });
    }

    /**
     * Reads how much room there is on the file system of a file. Node analogue: {@code statfs}.
     *
     * @param path of anything on it
     * @return a cold {@code Mono} of the room as it was then, never empty
     */
    public static Mono<Space> space(Path path) {
        return Io.call("statfs", path, () -> {
            FileStore store = java.nio.file.Files.getFileStore(path);
            return new Space(store.getTotalSpace(), store.getUnallocatedSpace(), store.getUsableSpace());
        });
    }
}
