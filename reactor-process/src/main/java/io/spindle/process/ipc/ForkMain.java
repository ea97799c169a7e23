// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;

/** Runs the main method of a fork, connected to its parent before it begins. */
final class ForkMain {

    private static final int FAILED_CODE = 1;

    private ForkMain() {}

    /**
     * Runs the main method of another class. What that throws ends this JVM at once, whatever else is running.
     *
     * @param args the name of the class, then its arguments
     */
    public static void main(String[] args) throws Throwable {
        KeepAlive keepAlive = KeepAlive.underMain();
        ParentLink.connect(keepAlive).toFuture().get();
        Method main = Class.forName(args[0]).getMethod("main", String[].class);
        main.setAccessible(true); // the class itself may be package-private, as for the java launcher
        try {
            main.invoke(null, (Object) Arrays.copyOfRange(args, 1, args.length));
        } catch (InvocationTargetException e) {
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e.getCause());
            System.exit(FAILED_CODE);
        }
        ParentLink.startReading();
        keepAlive.await();
    }
}
