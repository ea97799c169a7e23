// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A program that {@link FakePrograms} were asked to run: what it was given, and how it ended. Thread-safe; what happens to
 * it later is seen here.
 *
 * @since 0.1.0
 */
public final class FakeCall {

    private final Command command;
    private final ByteArrayOutputStream stdin = new ByteArrayOutputStream();
    private final List<Signal> signals = new CopyOnWriteArrayList<>();
    private volatile @Nullable ExitStatus status;

    FakeCall(Command command) {
        this.command = command;
    }

    /** Returns what was run. */
    public Command command() {
        return command;
    }

    /** Returns the arguments, without the program; unmodifiable. */
    public List<String> args() {
        return command.line().subList(1, command.line().size());
    }

    /** Returns what {@link Command#directory(Path)} was given, or empty if it was not called. */
    public Optional<Path> directory() {
        return Optional.ofNullable(command.directory());
    }

    /** Returns the variables that {@link Command#env(String, String)} was given, not those inherited; unmodifiable. */
    public Map<String, String> env() {
        Map<String, String> set = new LinkedHashMap<>();
        command.environment().forEach((name, value) -> {
            if (value != null) {
                set.put(name, value);
            }
        });
        return Collections.unmodifiableMap(set);
    }

    /**
     * Returns what has been written to its standard input, decoded as UTF-8, by whatever {@link Command#stdin(Input)} was
     * given or by the stage before it; after {@link FakeProgram#readStdin()} all of it. What a file would give is not in it.
     */
    public String stdin() {
        return stdin.toString(java.nio.charset.StandardCharsets.UTF_8);
    }

    /** Returns the signals that it was sent, the first one first. */
    public List<Signal> signals() {
        return List.copyOf(signals);
    }

    /** Returns how it ended, or empty while it runs. */
    public Optional<ExitStatus> status() {
        return Optional.ofNullable(status);
    }

    void written(byte[] bytes) {
        stdin.writeBytes(bytes);
    }

    void signalled(Signal signal) {
        signals.add(signal);
    }

    void ended(ExitStatus how) {
        status = how;
    }

    /** Returns the command, and how it ended. */
    @Override
    public String toString() {
        return "FakeCall[" + command + ", " + (status == null ? "running" : status) + "]";
    }
}
