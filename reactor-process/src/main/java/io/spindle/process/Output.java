// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where a child's standard output or error goes. Immutable.
 *
 * @since 0.1.0
 */
public final class Output {

    private static final Output PIPE = new Output(null);
    private static final Output MERGED = new Output(null);
    private static final Output INHERIT = new Output(Redirect.INHERIT);
    private static final Output DISCARD = new Output(Redirect.DISCARD);

    private final @Nullable Redirect redirect;

    private Output(@Nullable Redirect redirect) {
        this.redirect = redirect;
    }

    /** Brings it to this process, where it is collected or streamed: the default. */
    public static Output pipe() {
        return PIPE;
    }

    /** For stderr only: sends it wherever stdout goes, in the order in which the child writes. */
    public static Output merged() {
        return MERGED;
    }

    /** Gives the child the same stream of this process. */
    public static Output inherit() {
        return INHERIT;
    }

    /** Drops it, in the kernel. */
    public static Output discard() {
        return DISCARD;
    }

    /**
     * Lets the child write a file itself, which is created or emptied first.
     *
     * @param file in a directory that exists
     */
    public static Output file(Path file) {
        return new Output(Redirect.to(file.toFile()));
    }

    /**
     * Lets the child append to a file itself, which is created if it is missing.
     *
     * @param file in a directory that exists
     */
    public static Output append(Path file) {
        return new Output(Redirect.appendTo(file.toFile()));
    }

    boolean isPipe() {
        return this == PIPE;
    }

    boolean isMerged() {
        return this == MERGED;
    }

    /** What {@code ProcessBuilder} is told, or null for a pipe of ours and for what is merged. */
    @Nullable
    Redirect redirect() {
        return redirect;
    }
}
