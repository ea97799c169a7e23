// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where a child's standard output or error goes, and what is different about this one where both come here. Immutable.
 *
 * <p>{@link Command#charset(Charset)}, {@link Command#maxBuffer(long)} and {@link Command#maxLine(int, LongLine)} are for
 * both outputs. {@code command.stderr(Output.pipe().charset(ISO_8859_1).maxBuffer(4096))} has others for stderr alone,
 * whichever is said first. {@link Command#delimiter} stays that of the command, and what goes to the next stage of a
 * {@link Pipeline} is not read here, whatever is set for it.
 *
 * @since 0.1.0
 */
public final class Output {

    private static final Output PIPE = new Output(null);
    private static final Output MERGED = new Output(null);
    private static final Output INHERIT = new Output(Redirect.INHERIT);
    private static final Output DISCARD = new Output(Redirect.DISCARD);

    private final @Nullable Redirect redirect;
    private final UnaryOperator<OutputRules> own;

    private Output(@Nullable Redirect redirect) {
        this(redirect, UnaryOperator.identity());
    }

    private Output(@Nullable Redirect redirect, UnaryOperator<OutputRules> own) {
        this.redirect = redirect;
        this.own = own;
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

    /**
     * Sets how this output is decoded to text.
     *
     * @param charset instead of that of the command, {@link Command#charset(Charset)}
     * @throws IllegalArgumentException if this is not {@link #pipe()}: nothing else is read here
     */
    public Output charset(Charset charset) {
        return with("charset", rules -> rules.charset(charset));
    }

    /**
     * Limits how much {@link Command#exec()} collects of this output. A program that writes more is killed and
     * {@link ExecException.Reason#MAX_BUFFER} tells.
     *
     * @param bytes positive; instead of that of the command, {@link Command#maxBuffer(long)}
     * @throws IllegalArgumentException if it is not positive, or this is not {@link #pipe()}: nothing else is read here
     */
    public Output maxBuffer(long bytes) {
        return maxBuffer(bytes, LongOutput.FAIL);
    }

    /**
     * Limits how much {@link Command#exec()} collects of this output.
     *
     * @param bytes positive; instead of that of the command, {@link Command#maxBuffer(long, LongOutput)}
     * @param policy what happens to more
     * @throws IllegalArgumentException if the number is not positive, or this is not {@link #pipe()}: nothing else is
     *     read here
     */
    public Output maxBuffer(long bytes, LongOutput policy) {
        return with("maxBuffer", rules -> rules.maxBuffer(bytes, policy));
    }

    /**
     * Limits the length of one line of this output, where it is streamed by lines: stdout by {@link Command#lines()}, each
     * of both by {@link Command#events()}.
     *
     * @param length as that of the command, {@link Command#maxLine(int, LongLine)}, which this one replaces
     * @param policy what happens to a longer line
     * @throws IllegalArgumentException if the length is not positive, or this is not {@link #pipe()}: nothing else is
     *     read here
     */
    public Output maxLine(int length, LongLine policy) {
        return with("maxLine", rules -> rules.maxLine(length, policy));
    }

    private Output with(String name, UnaryOperator<OutputRules> change) {
        if (!isPipe()) {
            throw new IllegalArgumentException(name + " is for Output.pipe(), nothing else is read here, was " + this);
        }
        OutputRules unused = change.apply(OutputRules.DEFAULT); // a wrong value is to be told by this call
        return new Output(null, rules -> change.apply(own.apply(rules)));
    }

    /** Returns the rules of an output, given those for both. */
    OutputRules over(OutputRules common) {
        return own.apply(common);
    }

    /** Returns whether it comes to this process, whatever is set for it. */
    public boolean isPipe() {
        return redirect == null && !isMerged();
    }

    /** Returns whether it goes wherever stdout goes. */
    public boolean isMerged() {
        return this == MERGED;
    }

    /** What {@code ProcessBuilder} is told, or null for a pipe of ours and for what is merged. */
    @Nullable
    Redirect redirect() {
        return redirect;
    }

    /** Returns what the destination is, for people to read. */
    @Override
    public String toString() {
        if (isMerged()) {
            return "Output[merged]";
        }
        return redirect == null ? "Output[pipe]" : "Output[" + redirect + "]";
    }
}
