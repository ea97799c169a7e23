// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.nio.file.Path;

/**
 * Something has happened to a file that is {@linkplain Directories#watch(Path, boolean) watched}. Node analogue:
 * {@code {eventType, filename}} of {@code fs.watch}.
 *
 * @param kind what has happened
 * @param path to what; with {@link Kind#OVERFLOW} the one that is watched
 * @since 0.1.0
 */
public record FileChange(Kind kind, Path path) {

    /** What may happen to a file. */
    public enum Kind {
        /** It is new, or was moved here. */
        CREATED,

        /** Its content or its attributes have changed. */
        MODIFIED,

        /** It was deleted, or moved away. */
        DELETED,

        /** More has happened than is told: look yourself. */
        OVERFLOW
    }
}
