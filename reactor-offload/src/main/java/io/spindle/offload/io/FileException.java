// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A file operation failed: which one, on which path, and why, as a POSIX code. The message reads as Node's:
 * {@code ENOENT: no such file or directory, read '/etc/nothing'}. The cause is the JDK's exception.
 *
 * @since 0.1.0
 */
public final class FileException extends UncheckedIOException {

    private static final String UNKNOWN = "EIO";

    /** What the C library says, in the JDK's messages, where the JDK has no exception class for it. */
    private static final Map<String, String> CODES = Map.ofEntries(
            Map.entry("is a directory", "EISDIR"),
            Map.entry("not a directory", "ENOTDIR"),
            Map.entry("no such file or directory", "ENOENT"),
            Map.entry("file exists", "EEXIST"),
            Map.entry("file already exists", "EEXIST"),
            Map.entry("bad file descriptor", "EBADF"),
            Map.entry("invalid cross-device link", "EXDEV"),
            Map.entry("too many links", "EMLINK"),
            Map.entry("line too long", "EMSGSIZE"),
            Map.entry("unable to establish a watch", "ENOSPC"),
            Map.entry("user limit of inotify watches reached", "ENOSPC"),
            Map.entry("permission denied", "EACCES"),
            Map.entry("operation not permitted", "EPERM"),
            Map.entry("no space left on device", "ENOSPC"),
            Map.entry("disk quota exceeded", "EDQUOT"),
            Map.entry("read-only file system", "EROFS"),
            Map.entry("too many open files", "EMFILE"),
            Map.entry("too many levels of symbolic links", "ELOOP"),
            Map.entry("file name too long", "ENAMETOOLONG"),
            Map.entry("file too large", "EFBIG"),
            Map.entry("text file busy", "ETXTBSY"),
            Map.entry("invalid argument", "EINVAL"),
            Map.entry("no such device or address", "ENXIO"),
            Map.entry("directory not empty", "ENOTEMPTY"));

    private final String operation;
    private final transient Path path;
    private final transient @Nullable Path target;
    private final String code;

    private FileException(
            String operation, Path path, @Nullable Path target, String code, String reason, IOException cause) {
        super(
                code + ": " + reason + ", " + operation + " '" + path + "'"
                        + (target == null ? "" : " -> '" + target + "'"),
                cause);
        this.operation = operation;
        this.path = path;
        this.target = target;
        this.code = code;
    }

    static FileException of(String operation, Path path, @Nullable Path target, IOException cause) {
        String known = known(cause);
        if (known != null) {
            return new FileException(operation, path, target, code(known), known, cause);
        }
        String reason = reason(cause);
        return new FileException(operation, path, target, code(reason), reason, cause);
    }

    /** The reason, where the JDK has an exception class for it. */
    private static @Nullable String known(IOException cause) {
        if (cause instanceof NoSuchFileException) {
            return "no such file or directory";
        } else if (cause instanceof FileAlreadyExistsException) {
            return "file already exists";
        } else if (cause instanceof AccessDeniedException) {
            return "permission denied";
        } else if (cause instanceof NotDirectoryException) {
            return "not a directory";
        } else if (cause instanceof DirectoryNotEmptyException) {
            return "directory not empty";
        } else if (cause instanceof FileSystemLoopException) {
            return "too many levels of symbolic links";
        } else if (cause instanceof NotLinkException) {
            return "invalid argument: not a symbolic link";
        } else if (cause instanceof UserPrincipalNotFoundException unknown) {
            return "invalid argument: no user or group '" + unknown.getName() + "'";
        } else if (cause instanceof ClosedChannelException) {
            return "bad file descriptor: the file is closed";
        }
        return null;
    }

    private static String reason(IOException cause) {
        @Nullable
        String reason = cause instanceof FileSystemException detailed && detailed.getReason() != null
                ? detailed.getReason()
                : cause.getMessage();
        return reason == null || reason.isEmpty() ? cause.getClass().getSimpleName() : reason;
    }

    private static String code(String reason) {
        String lower = reason.toLowerCase(Locale.ROOT);
        for (Map.Entry<String, String> entry : CODES.entrySet()) {
            if (lower.startsWith(entry.getKey())) {
                return entry.getValue();
            }
        }
        return UNKNOWN;
    }

    /** Returns what was tried, such as {@code "read"} or {@code "write"}. */
    public String operation() {
        return operation;
    }

    /** Returns the path as it was given. */
    public Path path() {
        return path;
    }

    /** Returns the second path of an operation that has two, as it was given. */
    public Optional<Path> target() {
        return Optional.ofNullable(target);
    }

    /** Returns the reason as a POSIX code, such as {@code "ENOENT"}; {@code "EIO"} for one that is not known. */
    public String code() {
        return code;
    }
}
