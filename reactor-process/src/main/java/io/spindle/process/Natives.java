// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds the native launcher, if this Java has it, it may be used, and it works. */
final class Natives {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);
    private static final String NAME = "io.spindle.process.FfmLauncher";

    private static volatile String whyNot = "";

    private Natives() {}

    /** Returns the launcher, or null; found out once. The first call blocks. */
    static @Nullable NativeLauncher launcher() {
        return Holder.LAUNCHER;
    }

    /** Returns why {@link #launcher()} is null. */
    static String whyNot() {
        return whyNot;
    }

    private static @Nullable NativeLauncher find() {
        boolean forced = Engines.NATIVE_NAME.equals(Engines.forced());
        if (!forced && !Engines.forced().isEmpty()) {
            return absent("another one was asked for", null);
        }
        if (!forced && !isAllowed()) {
            return absent("it needs Java 22 and --enable-native-access", null);
        }
        try {
            if (!EpollEngine.isAvailable()) {
                return absent("there is no epoll", null);
            }
            NativeLauncher launcher = Class.forName(NAME)
                    .asSubclass(NativeLauncher.class)
                    .getDeclaredConstructor()
                    .newInstance();
            launcher.selfTest();
            return launcher;
        } catch (ClassNotFoundException e) {
            return absent("it needs Java 22, and a jar that was built on it", null);
        } catch (ReflectiveOperationException | IOException | RuntimeException | LinkageError e) {
            return absent("it does not work here: " + e, e);
        }
    }

    /** Whether this JVM was told that we may call the system: else it would print a warning, or refuse. */
    private static boolean isAllowed() {
        try {
            return Boolean.TRUE.equals(
                    Module.class.getMethod("isNativeAccessEnabled").invoke(Natives.class.getModule()));
        } catch (NoSuchMethodException e) {
            return false; // before Java 22
        } catch (ReflectiveOperationException e) {
            log.debug("cannot tell whether native access is allowed", e);
            return false;
        }
    }

    private static @Nullable NativeLauncher absent(String why, @Nullable Throwable error) {
        log.debug("the native process engine is not used: {}", why, error);
        whyNot = why;
        return null;
    }

    private static final class Holder {
        static final @Nullable NativeLauncher LAUNCHER = find();
    }
}
