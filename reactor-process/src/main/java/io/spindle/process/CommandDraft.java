// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The values of a command; changed only while a new command is made of them. */
final class CommandDraft {

    private static final long DEFAULT_MAX_BUFFER_BYTES = 16L << 20;
    private static final int DEFAULT_MAX_LINE = 1 << 20;

    List<String> line;

    /** The indexes of what is not to be shown. */
    final BitSet secrets = new BitSet();

    @Nullable
    Path directory;

    final Map<String, @Nullable String> environment = new LinkedHashMap<>();
    boolean clearEnvironment;
    Input stdin = Input.empty();
    Output stdout = Output.pipe();
    Output stderr = Output.pipe();
    Duration timeout = Duration.ZERO;
    Duration idleTimeout = Duration.ZERO;
    Duration grace = Duration.ofSeconds(5);
    Duration drain = Duration.ofSeconds(2);
    Signal killSignal = Signal.TERM;

    /** What follows the first signal and its grace. */
    List<Escalation> escalations = List.of();

    boolean cancelGracefully;
    long maxBufferBytes = DEFAULT_MAX_BUFFER_BYTES;
    LongOutput longOutput = LongOutput.FAIL;
    char delimiter = '\n';
    int maxLine = DEFAULT_MAX_LINE;
    LongLine longLine = LongLine.FAIL;
    Charset charset = StandardCharsets.UTF_8;
    IntPredicate exitCodes = code -> code == 0;
    boolean detached;

    @Nullable
    ProcessLimit limit;

    @Nullable
    Engine engine;

    /** A further signal of a graceful end, and how long it is given. */
    record Escalation(Signal signal, Duration grace) {}

    CommandDraft(List<String> line) {
        this.line = line;
    }

    CommandDraft(CommandDraft from) {
        line = from.line;
        secrets.or(from.secrets);
        directory = from.directory;
        environment.putAll(from.environment);
        clearEnvironment = from.clearEnvironment;
        stdin = from.stdin;
        stdout = from.stdout;
        stderr = from.stderr;
        timeout = from.timeout;
        idleTimeout = from.idleTimeout;
        grace = from.grace;
        drain = from.drain;
        killSignal = from.killSignal;
        escalations = from.escalations;
        cancelGracefully = from.cancelGracefully;
        maxBufferBytes = from.maxBufferBytes;
        longOutput = from.longOutput;
        delimiter = from.delimiter;
        maxLine = from.maxLine;
        longLine = from.longLine;
        charset = from.charset;
        exitCodes = from.exitCodes;
        detached = from.detached;
        limit = from.limit;
        engine = from.engine;
    }
}
