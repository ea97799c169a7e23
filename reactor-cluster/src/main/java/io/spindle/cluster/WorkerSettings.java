// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.process.Output;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What one worker has that the others have not, see {@link PrimarySpec#settings}. Immutable: each method returns the same
 * with a change.
 *
 * @since 0.1.0
 */
public final class WorkerSettings {

    private static final WorkerSettings NONE =
            new WorkerSettings(Map.of(), List.of(), Output.inherit(), Output.inherit());

    private final Map<String, String> env;
    private final List<String> jvmArgs;
    private final Output stdout;
    private final Output stderr;

    private WorkerSettings(Map<String, String> env, List<String> jvmArgs, Output stdout, Output stderr) {
        this.env = Map.copyOf(env);
        this.jvmArgs = List.copyOf(jvmArgs);
        this.stdout = stdout;
        this.stderr = stderr;
    }

    /** Returns the default: nothing of its own. */
    public static WorkerSettings none() {
        return NONE;
    }

    /**
     * Sets an environment variable, after those of {@link PrimarySpec#env}.
     *
     * @param name not empty
     * @param value the value
     */
    public WorkerSettings env(String name, String value) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("name must not be empty");
        }
        Map<String, String> all = new LinkedHashMap<>(env);
        all.put(name, Objects.requireNonNull(value, "value"));
        return new WorkerSettings(all, jvmArgs, stdout, stderr);
    }

    /**
     * Adds JVM flags, after those of {@link PrimarySpec#jvmArgs}.
     *
     * @param more flags, one each
     */
    public WorkerSettings jvmArgs(String... more) {
        List<String> all = new ArrayList<>(jvmArgs);
        all.addAll(List.of(more));
        return new WorkerSettings(env, all, stdout, stderr);
    }

    /**
     * Sets where its standard output goes. A worker writes to a file, and to the output of the primary, by itself.
     * {@link Output#pipe()} lets it pass through the primary instead, which writes it to its own output line by line, each behind
     * {@code [worker 3]}, and keeps the last lines for {@code spindle logs}. When that output is not taken the worker waits, as
     * it would for any other.
     *
     * @param stdout a file, {@link Output#pipe()} as it is, {@link Output#discard()} or {@link Output#inherit()}. Default: the
     *     output of the primary, by {@code inherit}
     */
    public WorkerSettings stdout(Output stdout) {
        if (Objects.requireNonNull(stdout, "stdout").isMerged()) {
            throw new IllegalArgumentException("stdout must not be merged: it would go where it goes");
        }
        return new WorkerSettings(env, jvmArgs, checkRead("stdout", stdout), stderr);
    }

    /**
     * Sets where its standard error goes; the primary writes what passes through it to its own standard error.
     *
     * @param stderr a file, {@link Output#pipe()} as it is, {@link Output#merged()}, {@link Output#discard()} or
     *     {@link Output#inherit()}. Default: that of the primary, by {@code inherit}
     */
    public WorkerSettings stderr(Output stderr) {
        return new WorkerSettings(env, jvmArgs, stdout, checkRead("stderr", stderr));
    }

    private static Output checkRead(String name, Output output) {
        if (Objects.requireNonNull(output, name).isPipe() && output != Output.pipe()) {
            throw new IllegalArgumentException(
                    name + " must be Output.pipe() as it is: the primary passes bytes on and decodes nothing");
        }
        return output;
    }

    Map<String, String> env() {
        return env;
    }

    List<String> jvmArgs() {
        return jvmArgs;
    }

    Output stdout() {
        return stdout;
    }

    Output stderr() {
        return stderr;
    }
}
