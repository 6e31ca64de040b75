import { chromium } from 'playwright-core';

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
const page = await browser.newPage();
await page.goto(process.argv[2]);                                            // where your app begins its login
await page.getByRole('checkbox', { name: 'read_orders' }).uncheck();         // the person gives less than was asked
await page.getByRole('button', { name: 'Approve' }).click();
await page.waitForURL(url => url.pathname === '/callback');                  // your app again
await browser.close();
