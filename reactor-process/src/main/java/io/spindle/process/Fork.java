// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.Invitation;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * An immutable description of a child that talks to this process over a {@link Channel}: a class of this program in a
 * JVM of its own, or any program that speaks the protocol.
 *
 * <p>A JVM gets the class path, the flags and the environment of this one, and its output goes where that of this
 * process goes; its input has ended. {@link Channel#parent()} is its end of the channel, which is open before its main
 * method begins.
 *
 * <p>Each method returns a new {@code Fork}, which may be spawned many times. Needs Linux and Netty's epoll. Node
 * analogue: {@code child_process.fork}, whose {@code execArgv} is {@link #jvmArgs}, {@code execPath} {@link #java}, and
 * {@code silent} {@code options(command -> command.stdout(Output.pipe()).stderr(Output.pipe()))}.
 *
 * @since 0.1.0
 */
public final class Fork {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final @Nullable Command program;
    private final @Nullable JvmLine jvm;
    private final UnaryOperator<Command> options;
    private final Duration connectTimeout;

    private Fork(
            @Nullable Command program, @Nullable JvmLine jvm, UnaryOperator<Command> options, Duration connectTimeout) {
        this.program = program;
        this.jvm = jvm;
        this.options = options;
        this.connectTimeout = connectTimeout;
    }

    /**
     * Describes a JVM that runs a class of this program.
     *
     * @param main on the class path, with a public static main method; the class itself need not be public
     * @param args for the main method; handed over as they are
     * @throws IllegalArgumentException if it has no such method, or an argument contains a NUL character
     */
    public static Fork of(Class<?> main, String... args) {
        List<String> checked = Command.of(main.getName(), args).line();
        checkMain(main);
        return new Fork(null, JvmLine.of(main, checked.subList(1, checked.size())), Fork::quiet, PATIENCE);
    }

    private static Command quiet(Command command) {
        return command.stdout(Output.inherit()).stderr(Output.inherit());
    }

    private static void checkMain(Class<?> main) {
        try {
            if (Modifier.isStatic(main.getMethod("main", String[].class).getModifiers())) {
                return;
            }
        } catch (NoSuchMethodException e) {
            throw new IllegalArgumentException("main must have a main method, was " + main, e);
        }
        throw new IllegalArgumentException("main must have a static main method, was " + main);
    }

    /**
     * Describes a program of any kind that connects as the environment variable {@value Invitation#VARIABLE} tells; the
     * protocol is in {@code docs/design/ipc.md}. A Java program does so by {@link Channel#parent()}.
     *
     * <p>Nobody knows whether it ends when its channel does, so on Linux it is killed if this JVM is, unless it is
     * {@link Command#detached(boolean)}. The fork of a class is not: it exits by itself, see {@link Channel#parent()}.
     *
     * @param program with all its options; its output is piped by default
     */
    public static Fork of(Command program) {
        return new Fork(Objects.requireNonNull(program, "program"), null, UnaryOperator.identity(), PATIENCE);
    }

    private Fork jvm(UnaryOperator<JvmLine> change) {
        if (jvm == null) {
            throw new IllegalArgumentException(
                    "only the fork of a class has settings of its JVM, this is one of " + program);
        }
        return new Fork(null, change.apply(jvm), options, connectTimeout);
    }

    /**
     * Appends arguments.
     *
     * @param more handed over as they are
     * @throws IllegalArgumentException if one contains a NUL character
     */
    public Fork args(String... more) {
        List<String> checked = Command.of("java", more).line();
        return program == null
                ? jvm(line -> line.args(checked.subList(1, checked.size())))
                : new Fork(program.args(more), null, options, connectTimeout);
    }

    /**
     * Appends flags of the JVM, after those that it {@linkplain #inheritJvmArgs(boolean) inherits}: of two for the same
     * thing the JVM takes the last.
     *
     * @param flags such as {@code -Xmx64m}
     * @throws IllegalArgumentException if one contains a NUL character, or this is not the fork of a class
     */
    public Fork jvmArgs(String... flags) {
        List<String> checked = Command.of("java", flags).line();
        return jvm(line -> line.jvmArgs(checked.subList(1, checked.size())));
    }

    /**
     * Sets whether the JVM gets the flags of this one, but for those that only one process can have, see
     * {@link JvmFlags#shareable}.
     *
     * @param inherit Default: true
     * @throws IllegalArgumentException if this is not the fork of a class
     */
    public Fork inheritJvmArgs(boolean inherit) {
        return jvm(line -> line.inherit(inherit));
    }

    /**
     * Sets the program that runs the class.
     *
     * @param launcher Default: {@code bin/java} of this JVM
     * @throws IllegalArgumentException if this is not the fork of a class
     */
    public Fork java(Path launcher) {
        Objects.requireNonNull(launcher, "launcher");
        return jvm(line -> line.java(launcher));
    }

    /**
     * Sets the class path, which must hold Spindle too. Relative entries are relative to the directory of this JVM.
     *
     * @param path as for {@code java -cp}. Default: that of this JVM, and in a jar of Spring Boot the jars inside of it; a
     *     class on a module path is not found there
     * @throws IllegalArgumentException if this is not the fork of a class
     */
    public Fork classPath(String path) {
        Checks.noNul("path", path);
        return jvm(line -> line.classPath(path));
    }

    /**
     * Changes how the program is run: its environment, directory, streams, time-outs. The change of an earlier call comes
     * first.
     *
     * @param change returns one that was made from what it is given, at each spawn
     */
    public Fork options(UnaryOperator<Command> change) {
        Objects.requireNonNull(change, "change");
        UnaryOperator<Command> before = options;
        return new Fork(program, jvm, command -> change.apply(before.apply(command)), connectTimeout);
    }

    /**
     * Limits how long the child may take to connect; then it is killed.
     *
     * @param timeout positive. Default: 30 seconds
     * @throws IllegalArgumentException if it is not
     */
    public Fork connectTimeout(Duration timeout) {
        Checks.positive("connectTimeout", timeout);
        return new Fork(program, jvm, options, timeout);
    }

    /**
     * Starts the child and waits until it has connected.
     * <ul>
     *   <li><b>Signals on</b> the event loop that it is subscribed on, else on {@code EventLoop.shared()}; the channel
     *       lives there too, if that loop has the native transport. Nothing that the child sends is read before the
     *       value has been emitted, so handlers that are set in {@code doOnNext} or {@code flatMap} miss no request.
     *   <li><b>Cancel</b> before the value is emitted kills the child; later, its holder disposes it.
     *   <li><b>Errors</b> with {@link SpawnException} if it cannot be started, with {@link ForkException} if it does not
     *       connect, with {@link UnsupportedOperationException} where there is no epoll.
     * </ul>
     * The child ends with this JVM as every {@link ChildProcess} does. One that was forked from a class also exits by
     * itself when this JVM dies, see {@link Channel#parent()}.
     *
     * @return a cold {@code Mono} of the running, connected child, never empty
     */
    public Mono<ForkedProcess> spawn() {
        return ForkLaunch.spawn(this);
    }

    /** What is to be run, but for the invitation. */
    Command command() {
        if (jvm == null) {
            return options.apply(Objects.requireNonNull(program, "program"));
        }
        Command command = Command.of(jvm.line()).endingWithChannel();
        if (jvm.inherit()) {
            for (String variable : JvmFlags.EXPANDED_VARIABLES) {
                command = command.unsetEnv(variable);
            }
        }
        return options.apply(command);
    }

    Duration connectTimeout() {
        return connectTimeout;
    }

    /** Returns the command line for people to read. */
    @Override
    public String toString() {
        return command().toString();
    }
}
